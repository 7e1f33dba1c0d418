/**
 * Every reason for refusing something that a neighbour sent, as docs/protocol/frames.md lists it: an application hears of
 * it by its code, of whom it came from and how often, and finds it counted; three that blame cost the link, and so does the
 * first word that a link is over a budget, and no others do.
 */
import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it, vi } from 'vitest'
import { fromBase64Url } from '../../src/identity/base64url.ts'
import { ownedMeshIdOf, type Right, signCapability } from '../../src/identity/capability.ts'
import { claimTypes } from '../../src/identity/claim.ts'
import { seedSigner } from '../../src/identity/ed25519.ts'
import { signedBytes } from '../../src/identity/envelope.ts'
import type { Signer } from '../../src/identity/keys.ts'
import type { WallMillis } from '../../src/identity/millis.ts'
import { type MeshId, meshIdOf, type PeerId, peerIdToBytes } from '../../src/identity/peer-id.ts'
import type { Mesh, MeshEventMap } from '../../src/mesh/mesh.ts'
import type { TransportContext } from '../../src/mesh/parts.ts'
import { togetherMs } from '../../src/mesh/refusals.ts'
import { encodeValue } from '../../src/pipeline/index.ts'
import type * as budgets from '../../src/pipeline/budget.ts'
import type { Rate } from '../../src/pipeline/token-bucket.ts'
import type { Link, TransportFactory } from '../../src/transport/port.ts'
import { encodeItem, type Item } from '../../src/wire/cbor.ts'
import { encodeBody, type WireClaim } from '../../src/wire/claims.ts'
import { claimsPerFrameMax } from '../../src/wire/limits.ts'
import { hour, ownerKey, pass } from './owned-waters.ts'
import { Waters } from './waters.ts'

/**
 * For what script verifies, which is all of it here: a 64th of what the engine may be asked, so that a neighbour is over it
 * with few signatures. (Script's own budget of checks is always spent before that of one author's broadcasts.)
 */
vi.mock('../../src/pipeline/budget.ts', async (importOriginal) => {
  const original = await importOriginal<typeof budgets>()
  const { claims, verifications, unread, useless, news } = original.nativeBudget
  const some = ({ perSecond, burst }: Rate): Rate => ({ perSecond: perSecond / 64, burst: burst / 64 })
  const scriptBudget = {
    ...original.nativeBudget,
    claims: some(claims),
    verifications: some(verifications),
    unread: some(unread),
    useless: some(useless),
    news: some(news),
  }
  return { ...original, scriptBudget }
})

/** Those that no neighbour can bring about here, and where each is tested. */
const elsewhere = {
  // A transport takes in no such frame, and closes the link under the same code.
  ERR_FRAME_TOO_LARGE: 'lib/src/pipeline/ingress.test.ts, lib/test/transport/compliance.ts',
  // Script answers at once, so nothing waits.
  ERR_LINK_BACKLOG: 'lib/src/pipeline/ingress.test.ts',
} as const

const bytes = (length: number, fill = 0) => new Uint8Array(length).fill(fill)
const hex = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'))
const instance = bytes(16, 3)

/** A member in good standing, whose link also carries whatever a test wants. */
class Liar {
  readonly mesh: Mesh
  readonly signer: Signer
  readonly victim: Mesh
  readonly meshId: MeshId
  readonly wall: number
  /** Its proof, in rooms with an owner. */
  readonly proof: Uint8Array
  readonly #links: readonly Link[]

  constructor(
    mesh: Mesh,
    signer: Signer,
    victim: Mesh,
    place: Pick<Liar, 'meshId' | 'wall' | 'proof'>,
    links: readonly Link[],
  ) {
    this.mesh = mesh
    this.signer = signer
    this.victim = victim
    this.meshId = place.meshId
    this.wall = place.wall
    this.proof = place.proof
    this.#links = links
  }

  get id(): Uint8Array {
    return peerIdToBytes(this.signer.peerId)
  }

  say(frame: Uint8Array): void {
    this.#links.findLast(({ peer }) => peer === this.victim.id)!.send(frame)
  }

  /** An envelope of this body, signed by whomever. */
  sign(type: keyof typeof claimTypes, body: Uint8Array, by = this.signer): Uint8Array {
    let signature: Uint8Array | Error | undefined
    by.sign(signedBytes(this.meshId, type, body), (answer) => (signature = answer))
    if (!(signature instanceof Uint8Array)) throw new Error('not signed at once')
    return Uint8Array.of(claimTypes[type], ...body, ...signature)
  }

  alive(more: object = {}): Uint8Array {
    const claim = {
      ...this.#base('alive'),
      instance: instanceText,
      startedAt: this.wall,
      incarnation: 0,
      metadata: bytes(0),
      zone: '',
      admission: this.proof,
      sealingKey: bytes(0),
      ...more,
    }
    return this.sign('alive', encodeBody(claim as unknown as WireClaim))
  }

  news(more: object = {}): Uint8Array {
    const claim = { ...this.#base('news'), instance: instanceText, seq: 1, topic: '', payload: encodeValue(1), ...more }
    return this.sign('news', encodeBody(claim as unknown as WireClaim))
  }

  entry(key: string, value: Uint8Array = encodeValue(1), proof = this.proof, seq = 1): Uint8Array {
    const proofs = proof.length === 0 ? [] : [proof]
    const claim: Item[] = [this.id, BigInt(this.wall), 60_000, instance, seq]
    const fields: Item[] = [...claim, 'map', key, 0, false, [], value, ...proofs]
    return this.sign('entry', encodeItem(fields))
  }

  /** A list of revocations that names this serial. */
  list(by: Signer, seq: number, serial: Uint8Array): Uint8Array {
    const line = Uint8Array.of(...serial, ...bytes(6))
    const fields: Item[] = [peerIdToBytes(by.peerId), BigInt(this.wall), 60_000, seq, 0, line, bytes(0)]
    return encodeItem([64, this.sign('revoke', encodeItem(fields), by)])
  }

  /** What lets somebody in for an hour, by whoever signs it. */
  grant(by: Signer, to: PeerId, rights: readonly Right[] = ['join'], serial = bytes(16, 1)): Uint8Array {
    let granted: Uint8Array | Error | undefined
    const [notBefore, expiresAt] = [this.wall, this.wall + hour] as [WallMillis, WallMillis]
    const wish = { subject: to, rights, ringSeed: bytes(16), notBefore, expiresAt, serial }
    signCapability(by, this.meshId, wish, (answer) => (granted = answer))
    if (!(granted instanceof Uint8Array)) throw new Error('not signed at once')
    return granted
  }

  #base(type: string) {
    return { type, author: this.signer.peerId, issuedAt: this.wall, ttlMs: 60_000 }
  }
}
const instanceText = Buffer.from(instance).toString('base64url')

const gossip = (...claims: Uint8Array[]) => encodeItem([7, claims])
const spread = (...claims: Uint8Array[]) => encodeItem([32, claims])
const fresh = (...claims: Uint8Array[]) => encodeItem([48, claims])
const routed = (liar: Liar, to: Uint8Array, payload: Uint8Array) =>
  liar.sign('routed', encodeItem([liar.id, BigInt(liar.wall), 20_000, to, bytes(16, ++routes), 0, false, payload]))
let routes = 0
const nack = encodeItem([6, bytes(16)])
/** Fingerprints of a place, as many as a frame holds. */
const answer = encodeItem([50, true, Array.from({ length: 7 }, () => [bytes(5), 1, bytes(8192)])])

type Case = (liar: Liar, turn: number) => readonly Uint8Array[]
const several = <T>(count: number, thing: T): T[] => Array.from({ length: count }, () => thing)
/** At first what is checked at once, and some more. */
const entries = (liar: Liar, turn = 0) =>
  fresh(
    ...Array.from({ length: turn === 0 ? 70 : 5 }, (_, i) => {
      const seq = 1 + 100 * turn + i
      return liar.entry(`key ${seq}`, encodeValue(1), liar.proof, seq)
    }),
  )
const raw =
  (text: string): Case =>
  () => [hex(text)]

const open: Readonly<Record<string, Case>> = {
  ERR_FRAME_KIND: () => [encodeItem([99])],
  ERR_FRAME_SHAPE: () => [encodeItem([7])],
  ERR_CBOR_TRUNCATED: raw('8207'),
  ERR_CBOR_TRAILING: () => [Uint8Array.of(...nack, 0)],
  ERR_CBOR_TAG: raw('8207c280'),
  ERR_CBOR_INDEFINITE: raw('9f07ff'),
  ERR_CBOR_NOT_CANONICAL: raw('82180780'),
  ERR_CBOR_INTEGER: raw('82071bffffffffffffffff'),
  ERR_CBOR_SIMPLE: raw('8207f7'),
  ERR_CBOR_TYPE: raw('8207a0'),
  ERR_CBOR_TEXT: raw('820761ff'),
  ERR_CBOR_DEPTH: () => [Uint8Array.of(0x82, 7, ...bytes(40, 0x81), 0x80)],
  ERR_CBOR_ITEMS: () => [encodeItem([7, Array.from({ length: 4097 }, () => 0)])],
  // Values are read by the same scanner, and may hold what frames may not.
  ERR_CBOR_FLOAT: (liar) => [fresh(liar.entry('key', hex('f93c00')))],
  ERR_CBOR_KEY: (liar) => [fresh(liar.entry('key', hex('a10100')))],
  ERR_CBOR_KEY_ORDER: (liar) => [fresh(liar.entry('key', hex('a2616200616100')))],
  ERR_CLAIM_TOO_LARGE: () => [gossip(Uint8Array.of(claimTypes.leave, ...bytes(256)))],
  ERR_CLAIM_TYPE: (liar) => [gossip(liar.news())],
  ERR_CLAIM_SHAPE: (liar) => [gossip(liar.sign('alive', encodeItem([])))],
  ERR_CLAIM_TTL: (liar) => [gossip(liar.alive({ ttlMs: 24 * hour + 1 }))],
  ERR_CLAIM_SIGNATURE: (liar) => [gossip(liar.alive({ author: liar.victim.id }))],
  ERR_ENTRY_OWNER: (liar) => [fresh(liar.entry(`o/${liar.victim.id}/name`))],
  ERR_FAULT_EVIDENCE: (liar) => {
    const news = liar.news()
    return [encodeItem([65, liar.sign('fault', encodeItem([liar.id, BigInt(liar.wall), 60_000, news, news]))])]
  },
  ERR_CLAIM_EXPIRED: (liar, turn) => [spread(liar.news({ seq: 1 + turn, issuedAt: liar.wall - 600_000 }))],
  ERR_CLAIM_EARLY: (liar, turn) => [spread(liar.news({ seq: 1 + turn, issuedAt: liar.wall + 600_000 }))],
  ERR_ROUTED_PAYLOAD: (liar) => {
    const to = peerIdToBytes(liar.victim.id)
    return [encodeItem([16, [to], 0, routed(liar, to, hex('ff'))])]
  },
  ERR_VERIFY_RATE: (liar, turn) => [entries(liar, turn)],
  // One that is read and never verified, again and again.
  ERR_LINK_STALE_RATE: (liar) => [spread(...several(40, liar.news({ issuedAt: liar.wall - 600_000 })))],
  // Of what is not even read, the first byte is enough.
  ERR_LINK_VERIFY_RATE: (liar) => [
    entries(liar),
    ...several(2, fresh(...several(claimsPerFrameMax, Uint8Array.of(claimTypes.entry)))),
  ],
  ERR_LINK_NEWS_RATE: (liar) => [spread(...Array.from({ length: 30 }, (_, i) => liar.news({ seq: 1 + i })))],
  // One that is known after the first time, and costs no check.
  ERR_LINK_CLAIM_RATE: (liar) => several(4, spread(...several(claimsPerFrameMax, liar.news()))),
  ERR_LINK_FRAME_RATE: () => Array.from({ length: 16_100 }, () => nack),
  // Answers that nobody has asked for.
  ERR_LINK_BYTE_RATE: () => Array.from({ length: 700 }, () => answer),
  // Told by machines behind ingress.
  ERR_ROUTE: (liar) => {
    const to = bytes(32, 0x55)
    return [encodeItem([16, [to], 0, routed(liar, to, nack)])]
  },
  ERR_SYNC_RATE: () => Array.from({ length: 100 }, () => encodeItem([10, bytes(8)])),
  ERR_DATA_INVALID: (_liar, turn) => [encodeItem([33, 900 + turn, '', hex('ff')])],
}

const owner = seedSigner(fromBase64Url(ownerKey.secret)!)
const [holder, gone] = [71, 72].map((n) => seedSigner(bytes(32, n))) as [Signer, Signer]

const owned: Readonly<Record<string, Case>> = {
  ERR_CAPABILITY_SHAPE: (liar) => [gossip(liar.alive({ admission: bytes(3) }))],
  ERR_CAPABILITY_SUBJECT: (liar) => [gossip(liar.alive({ admission: liar.grant(owner, liar.victim.id) }))],
  ERR_CAPABILITY_ISSUER: (liar) => [gossip(liar.alive({ admission: liar.grant(liar.signer, liar.mesh.id) }))],
  ERR_CAPABILITY_DELEGATION: (liar) => {
    const chain = [liar.grant(owner, holder.peerId), liar.grant(holder, liar.mesh.id)]
    return [gossip(liar.alive({ admission: Buffer.concat(chain) }))]
  },
  ERR_CAPABILITY_SIGNATURE: (liar) => [gossip(liar.alive({ admission: Uint8Array.from(liar.proof).fill(0, -64) }))],
  ERR_CAPABILITY_TIME: (liar) => [gossip(liar.alive({ ttlMs: 2 * hour }))],
  ERR_CAPABILITY_RIGHT: (liar) => [fresh(liar.entry('key', encodeValue(1), liar.grant(owner, liar.mesh.id)))],
  ERR_REVOKE_ISSUER: (liar) => [liar.list(liar.signer, 1, bytes(16, 1))],
  ERR_CAPABILITY_REVOKED: (liar, turn) => {
    const serial = bytes(16, 9)
    const proof = liar.grant(owner, gone.peerId, ['join'], serial)
    const claim = liar.alive({ author: gone.peerId, admission: proof, incarnation: turn })
    return [liar.list(owner, 1, serial), gossip(liar.sign('alive', claim.subarray(1, -64), gone))]
  },
}

/** As the page has it: whether a neighbour must be at fault. */
const page = readFileSync(new URL('../../../docs/protocol/frames.md', import.meta.url), 'utf8')
const listed: Readonly<Record<string, boolean>> = Object.fromEntries(
  [...page.matchAll(/^\| `(ERR_[A-Z_]+)` \| (yes|no) \|/gm)].map(([, code, blame]) => [code, blame === 'yes']),
)
const blameOf: Readonly<Record<string, boolean>> = {
  ...listed,
  ERR_ROUTE: true,
  ERR_SYNC_RATE: false,
  ERR_DATA_INVALID: false,
  ERR_CAPABILITY_REVOKED: false,
}

/** What is told besides: nobody gets that far without it. */
const besides: Readonly<Record<string, string>> = { ERR_LINK_VERIFY_RATE: 'ERR_VERIFY_RATE' }

/** A room with a victim in it, which a new liar enters for each case. */
class Room {
  readonly waters = new Waters()
  readonly owned: boolean
  victim: Mesh | undefined
  #liars = 0

  constructor(isOwned: boolean) {
    this.owned = isOwned
  }

  async open(): Promise<void> {
    this.victim = await this.waters.join(await this.#entry(seedSigner(bytes(32, 70))))
  }

  async liar(): Promise<Liar> {
    const { waters, victim } = this
    const signer = seedSigner(bytes(32, 100 + this.#liars++))
    const entry = await this.#entry(signer)
    const links: Link[] = []
    const transport = ({ credentials }: TransportContext): TransportFactory => {
      const make = waters.hub.transport({ credentials })
      return (events) =>
        make({
          onSignal: (to, payload) => events.onSignal(to, payload),
          onFailure: (peer, code) => events.onFailure(peer, code),
          onLink: (link) => {
            links.push(link)
            events.onLink(link)
          },
        })
    }
    const mesh = await waters.join({ ...entry, transport })
    await waters.until(() => victim!.members.get(mesh.id)?.status === 'alive' && isLinked(victim!, mesh))
    const place = {
      meshId: this.owned ? ownedMeshIdOf(ownerKey.owner, 'lobby') : meshIdOf('lobby'),
      wall: waters.hostOf(victim!).wall(),
      proof: 'admission' in entry ? fromBase64Url(entry.admission.capability)! : bytes(0),
    }
    return new Liar(mesh, signer, victim!, place, links)
  }

  #entry(identity: Signer) {
    return this.owned ? pass(this.waters, identity) : { identity }
  }
}

const isLinked = (mesh: Mesh, to: Mesh): boolean => mesh.stats().links.some(({ peer }) => peer === to.id)

it('every code in the protocol’s table has a case here, or is tested elsewhere', () => {
  expect(Object.keys(listed).length).toBeGreaterThan(30)
  const tested = [...Object.keys(open), ...Object.keys(owned), ...Object.keys(elsewhere)]
  expect(Object.keys(listed).filter((code) => !tested.includes(code))).toEqual([])
  expect(tested.filter((code) => !(code in blameOf))).toEqual([])
})

describe.each([
  ['an open room', open, false],
  ['a room with an owner', owned, true],
] as const)('in %s', (_name, cases, isOwned) => {
  const room = new Room(isOwned)
  beforeAll(() => room.open())

  it.each(Object.entries(cases))('%s is told, counted, and blamed where it has to be', async (code, make) => {
    const { waters } = room
    const liar = await room.liar()
    const { victim } = liar
    const told: MeshEventMap['claim-rejected'][] = []
    const listen = ({ detail }: CustomEvent<MeshEventMap['claim-rejected']>) => void told.push(detail)
    victim.addEventListener('claim-rejected', listen)
    const closed: string[] = []
    const notice = ({ detail }: CustomEvent<{ peer: PeerId; code: string }>): void => {
      if (detail.peer === liar.mesh.id) closed.push(detail.code)
    }
    victim.addEventListener('link-closed', notice)
    const counted = () => victim.stats().rejected[code] ?? 0
    const start = counted()
    for (let turn = 0; turn < 3 && closed.length === 0; turn++) {
      let waiting = 0
      for (const frame of make(liar, turn)) {
        liar.say(frame)
        waiting += frame.length
        if (waiting > 500_000) await waters.time.pass((waiting = 0) + 2)
      }
      await waters.time.pass(50)
    }
    const count = counted() - start
    // What is told together.
    await waters.time.pass(togetherMs)
    victim.removeEventListener('claim-rejected', listen)
    victim.removeEventListener('link-closed', notice)
    expect(count).toBeGreaterThan(0)
    const first = { code, from: liar.mesh.id, count: 1 }
    const rest = count === 1 ? [] : [{ ...first, count: count - 1 }]
    expect(told.filter((each) => each.code !== besides[code])).toEqual([first, ...rest])
    expect(counted() - start).toBe(count)
    // The third fault, or the first word that a link is over its budget.
    const isOver = code.startsWith('ERR_LINK_')
    if (blameOf[code] || isOver) expect(count).toBe(isOver ? 1 : 3)
    expect(closed).toEqual(blameOf[code] || isOver ? [code] : [])
    await waters.during(liar.mesh.leave())
  })
})
