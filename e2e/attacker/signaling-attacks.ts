/** Attacks on the signaling server by whoever can open sockets: texts, as docs/protocol/signaling.md tells them. */
import { Rooms } from '../../signaling-server/src/rooms.ts'
import { Gate } from '../../signaling-server/src/gate.ts'
import type { Attack } from './siege.ts'

const id = (fill: number): string => Buffer.alloc(32, fill).toString('base64url')
const nonce = (fill: number): string => Buffer.alloc(32, fill).toString('base64url')
const join = (peer: number) =>
  JSON.stringify({
    t: 'join',
    version: 1,
    room: 'reef',
    id: id(peer),
    audience: 'localhost',
    signature: Buffer.alloc(64).toString('base64url'),
  })

/** A server that may hold four peers in a room, and hears twenty frames at once. */
class Desk {
  #draw = 0
  readonly rooms = new Rooms(
    {
      peersPerRoomMax: 4,
      roomsMax: 2,
      frameRate: { perSecond: 10, burst: 20 },
      joinTimeoutMs: 5_000,
      heartbeatMs: 25_000,
      silentMsMax: 60_000,
      retryAfterMs: 5_000,
      roster: 'local',
    },
    // Never the same twice in a row: a room is sampled until enough are drawn.
    () => (this.#draw = (this.#draw + 0.137) % 1),
  )

  open(socket: number): void {
    this.rooms.handle({ type: 'opened', socket, nonce: nonce(socket), room: '' }, 0)
  }

  join(socket: number, peer = socket): void {
    this.open(socket)
    this.say(socket, join(peer))
    this.rooms.handle({ type: 'checked', socket }, 0)
  }

  say(socket: number, text: string): ReturnType<Rooms['handle']> {
    return this.rooms.handle({ type: 'frame', socket, text }, 0)
  }

  get joined(): number {
    return [...this.rooms.registered()].length
  }
}

const signalTo = (peer: number): string => JSON.stringify({ t: 'signal', to: id(peer), data: 'AAAA' })

export const signalingAttacks: readonly Attack[] = [
  {
    name: 'batter: a socket that says a thousand things at once',
    run() {
      const desk = new Desk()
      desk.join(1)
      desk.join(2)
      let relayed = 0
      for (let i = 0; i < 1000; i++) relayed += desk.say(1, signalTo(2)).filter(({ type }) => type === 'send').length
      const harm = relayed > 25 ? [`${relayed} of its signals were relayed`] : []
      return desk.joined === 1 ? harm : [...harm, 'it is still there']
    },
  },
  {
    name: 'batter: a socket that never says who it is, and signals all the same',
    run() {
      const desk = new Desk()
      desk.join(1)
      desk.open(2)
      const heard = desk.say(2, signalTo(1)).filter((effect) => effect.type === 'send' && effect.socket === 1)
      return heard.length === 0 ? [] : ['a stranger without a name was heard']
    },
  },
  {
    name: 'crowd: a hundred peers of one attacker in a room for four',
    run() {
      const desk = new Desk()
      for (let i = 1; i <= 100; i++) desk.join(i)
      return desk.joined === 4 ? [] : [`${desk.joined} are registered`]
    },
  },
  {
    name: 'crowd: sockets that are opened, and left at that',
    run() {
      const desk = new Desk()
      for (let i = 1; i <= 100; i++) desk.open(i)
      desk.rooms.handle({ type: 'tick' }, 5_001)
      return desk.rooms.sockets === 0 ? [] : [`${desk.rooms.sockets} sockets are held for nobody`]
    },
  },
  {
    name: 'crowd: a thousand sockets from one address',
    run() {
      const rate = { perSecond: 1_000, burst: 10_000 }
      const limits = { connectionsMax: 10_000, connectionsPerAddressMax: 32, connectionRate: rate, joinRate: rate }
      const gate = new Gate(limits, 0)
      for (let i = 0; i < 1000; i++) gate.enter('192.0.2.1', 0)
      return gate.sockets <= 32 ? [] : [`${gate.sockets} sockets of one address are open`]
    },
  },
]
