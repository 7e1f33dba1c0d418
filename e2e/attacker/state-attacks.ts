/** Attacks on the shared state by a member: what it signs is in order, and meant to harm. */
import { type Item, read } from './bytes.ts'
import { claim } from './claims.ts'
import { carry, frame, kinds } from './frames.ts'
import { Member } from './member.ts'
import { type Attack, entryFields, room, Siege } from './siege.ts'

const hourMs = 3_600_000

interface Changes {
  readonly key?: string
  readonly map?: string
  readonly seq?: number
  readonly context?: Item
  readonly instance?: Item
  readonly at?: number
  readonly ttlMs?: number
}

const entry = (by: Member, changes: Changes) => {
  const fields: Item[] = entryFields(by, changes.key ?? 'key')
  if (changes.at !== undefined) fields[1] = changes.at
  if (changes.ttlMs !== undefined) fields[2] = changes.ttlMs
  if (changes.instance !== undefined) fields[3] = changes.instance
  if (changes.seq !== undefined) fields[4] = changes.seq
  if (changes.map !== undefined) fields[5] = changes.map
  if (changes.context !== undefined) fields[9] = changes.context
  return claim('entry', fields, by.host, by.meshId)
}

/** What a peer's application asks for. */
const write = (siege: Siege, value: number | undefined, ttlMs: number): void =>
  siege.honest[0]!.arrive({
    type: 'write',
    writes: [
      { map: 'map', key: 'key', value: value === undefined ? undefined : Buffer.of(value), conflict: 'lww', ttlMs },
    ],
    ref: 1,
  })

const held = (siege: Siege, map: string, key: string) => siege.honest.map((peer) => peer.machine.state.read(map, key))

export const stateAttacks: readonly Attack[] = [
  {
    name: 'seen-it-all: a context that claims to have seen what will be written in a year',
    run(seed) {
      const siege = new Siege(seed, 3)
      const member = siege.attacker((host) => new Member(host, room))
      const floor = member.host.wall() + 365 * 24 * hourMs
      member.say(carry('entry', [entry(member, { context: [floor, 0, []] })]))
      siege.seconds(2)
      siege.mustBe(
        'it was not taken',
        held(siege, 'map', 'key').every((entries) => entries.length === 1),
      )
      write(siege, 7, hourMs)
      siege.seconds(2)
      // Dated before that, and made to outlive it.
      const outliving = { at: member.host.wall() - 30_000, ttlMs: 24 * hourMs }
      member.say(carry('entry', [entry(member, { ...outliving, context: [floor, 0, []] })]))
      siege.seconds(2)
      for (const [newest] of held(siege, 'map', 'key'))
        siege.mustBe('what is written later does not stand', newest?.value[0] === 7)
      return siege.harm
    },
  },
  {
    name: 'overwrite: a member writes fifteen thousand times a second, under one key',
    run(seed) {
      const siege = new Siege(seed, 1)
      const member = siege.attacker((host) => new Member(host, room))
      for (let i = 0; i < 300 && siege.attackers[0]!.ends.size > 0; i++) {
        const claims = Array.from({ length: 150 }, (_, j) => entry(member, { seq: 150 * i + j + 1 }))
        for (let at = 0; at < claims.length; at += 50) member.say(carry('entry', claims.slice(at, at + 50)))
        siege.seconds(0.01)
      }
      siege.mustBeThrownOut()
      return siege.harm
    },
  },
  {
    name: 'side-by-side: thirty writes under one key that have not seen each other',
    run(seed) {
      const siege = new Siege(seed, 3)
      const member = siege.attacker((host) => new Member(host, room))
      const claims = Array.from({ length: 30 }, (_, i) =>
        entry(member, { context: [0, 0, []], instance: Buffer.alloc(16, i + 1), seq: 1 }),
      )
      member.say(carry('entry', claims))
      siege.seconds(2)
      for (const entries of held(siege, 'map', 'key'))
        siege.mustBe(`${entries.length} of them stand`, entries.length > 0 && entries.length <= 8)
      return siege.harm
    },
  },
  {
    name: 'fill: one writer writes twelve hundred keys',
    run(seed) {
      const siege = new Siege(seed, 2)
      const member = siege.attacker((host) => new Member(host, room))
      for (let i = 0; i < 1200; i += 40) {
        const keys = Array.from({ length: 40 }, (_, at) => `key ${i + at}`)
        member.say(
          carry(
            'entry',
            keys.map((key, at) => entry(member, { key, seq: 1 + i + at })),
          ),
        )
        siege.seconds(0.1)
      }
      siege.seconds(2)
      const kept = (peer: number): number => {
        let count = 0
        for (let i = 0; i < 1200; i++) count += siege.honest[peer]!.machine.state.read('map', `key ${i}`).length
        return count
      }
      for (const peer of [0, 1]) siege.mustBe(`${kept(peer)} are kept`, kept(peer) > 900 && kept(peer) <= 1000)
      return siege.harm
    },
  },
  {
    name: 'ask-tree: for the root of the tree, three hundred times a second',
    run(seed) {
      const siege = new Siege(seed, 2)
      let answers = 0
      class Asker extends Member {
        override onFrame(link: number, bytes: Uint8Array): void {
          if ((read(bytes) as readonly Item[])[0] === kinds['tree-have']) answers++
          else super.onFrame(link, bytes)
        }
      }
      const asker = siege.attacker((host) => new Asker(host, room))
      const [link] = asker.links.keys()
      for (let i = 0; i < 900; i++) {
        asker.host.send(link!, frame('tree-want', Buffer.alloc(5), Buffer.alloc(0)))
        siege.seconds(1 / 300)
      }
      siege.mustBe(`${answers} of 900 questions were answered`, answers > 0 && answers < 400)
      return siege.harm
    },
  },
  {
    name: 'differ: a tree without end, in which nothing is that the others have, and nothing can be had',
    run(seed) {
      const siege = new Siege(seed, 2, { latencyMs: [1, 2] })
      let salt = 0
      const some = (bytes: number) => Buffer.alloc(bytes, ++salt & 255 || 1)
      class Differing extends Member {
        override onFrame(link: number, bytes: Uint8Array): void {
          const [kind, first, second] = read(bytes) as readonly Item[]
          if (kind === kinds['tree-want'])
            this.host.send(link, this.#answer(Buffer.concat([first as Uint8Array, second as Uint8Array])))
          else if (kind !== kinds.ping) super.onFrame(link, bytes)
          else this.host.send(link, frame('ack', first!, second!, some(8), this.host.wall(), []))
        }

        /** Everything differs, as far down as there is anything. */
        #answer(paths: Uint8Array): Buffer {
          const nodes: Item[] = []
          for (let at = 0; at < paths.length; at += 5) {
            const depth = paths[at]!
            nodes.push([paths.subarray(at, at + 5), depth > 6 ? 1 : 0, some(depth > 6 ? 0 : 256 * 8)])
          }
          return frame('tree-have', true, nodes.slice(0, 31))
        }
      }
      siege.attacker((host) => new Differing(host, room))
      let questions = 0
      siege.world.observe({ onSend: (_end, message) => void (questions += Number(message.type === 'tree-want')) })
      siege.seconds(20)
      const each = Math.round(questions / siege.honest.length)
      siege.mustBe(`${each} questions were asked by each`, each > 500 && each <= 1024 + 10 * 22)
      return siege.harm
    },
  },
  {
    name: 'undelete: what was deleted is told again when the delete has had its time',
    run(seed) {
      const siege = new Siege(seed, 3)
      const heard: Uint8Array[] = []
      class Keeper extends Member {
        override onFrame(link: number, bytes: Uint8Array): void {
          if (bytes[1] === 0x18 && bytes[2] === kinds.fresh) heard.push(bytes)
          else super.onFrame(link, bytes)
        }
      }
      const keeper = siege.attacker((host) => new Keeper(host, room))
      write(siege, 7, hourMs)
      siege.seconds(2)
      siege.mustBe('nothing was overheard', heard.length > 0)
      const [written] = heard
      write(siege, undefined, 60_000)
      siege.seconds(240)
      for (const other of siege.honest) {
        const self = siege.attackers[0]!
        if (!self.linkedTo(other)) siege.world.link(self, other)
      }
      siege.seconds(1)
      keeper.say(written!)
      siege.seconds(2)
      for (const entries of held(siege, 'map', 'key'))
        siege.mustBe(
          'it is back',
          entries.every(({ deleted }) => deleted),
        )
      return siege.harm
    },
  },
]
