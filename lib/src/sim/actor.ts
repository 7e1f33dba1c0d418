/**
 * A peer that is not the product: it takes and gives the bytes of frames, and decides for itself what they
 * mean. It has a key, a door to the server and links like anybody else. An attacker that shares no code
 * with the product comes into a world this way; what it does is excused, like any liar's doings.
 */
import type { CoreMember, Effect } from '../core/effect.ts'
import type { Input, LinkId } from '../core/input.ts'
import type { Message } from '../core/message.ts'
import type { Signer } from '../identity/keys.ts'
import type { Millis } from '../identity/millis.ts'
import { type PeerId, peerIdToBytes } from '../identity/peer-id.ts'
import type { Machine, SimPeer } from './peer.ts'
import type { Pipe } from './pipe.ts'
import type { World } from './world.ts'

export interface Actor {
  onLink(link: number, peer: Uint8Array): void
  onFrame(link: number, frame: Uint8Array): void
  onClose(link: number): void
}

export interface ActorHost {
  readonly publicKey: Uint8Array
  sign(message: Uint8Array): Uint8Array
  wall(): number
  random(): number
  send(link: number, frame: Uint8Array): void
  after(delayMs: number, action: () => void): void
}

export type MakeActor = (host: ActorHost) => Actor

/** What observers are shown of a frame that only its receiver can read. */
const unread: Message = { type: 'gossip', claims: [] }

export class ActorPeer implements Machine, Pipe {
  readonly #actor: Actor
  readonly state: Machine['state'] = { read: () => [], root: '' }

  constructor(self: SimPeer, world: World, signer: Signer, make: MakeActor) {
    const prng = world.prng.split(`actor ${self.index}`)
    this.#actor = make({
      publicKey: peerIdToBytes(signer.peerId),
      sign: (message) => signedAtOnce(signer, message),
      wall: () => Math.round(self.wallNow),
      random: () => prng.float(),
      send: (link, frame) => {
        const end = self.ends.get(link as LinkId)
        if (self.running && end !== undefined) world.send(end, unread, frame)
      },
      after: (delayMs, action) => world.after(delayMs, () => self.running && action()),
    })
  }

  // ── In place of a core. ──

  start(): readonly Effect[] {
    return []
  }

  handle(input: Input): readonly Effect[] {
    switch (input.type) {
      case 'door-opened':
      case 'door-sample':
        return input.sample.map((peer) => ({ type: 'dial', peer }))
      case 'signal-out':
        return [{ type: 'door-signal', to: input.to, payload: input.payload }]
      case 'signal-in':
        return [{ type: 'signal', from: input.from, payload: input.payload }]
      case 'link-opened':
        this.#actor.onLink(input.link, peerIdToBytes(input.peer))
        return []
      case 'link-closed':
        this.#actor.onClose(input.link)
        return []
      default:
        return []
    }
  }

  deadline(): Millis | undefined {
    return undefined
  }

  present(): Iterable<PeerId> {
    return []
  }

  members(): ReadonlyMap<PeerId, CoreMember> {
    return new Map()
  }

  edges(): readonly [] {
    return []
  }

  // ── In place of a pipeline. ──

  onFrame(end: { readonly link: LinkId }, frame: Uint8Array): void {
    this.#actor.onFrame(end.link, frame)
  }

  encode(): Uint8Array {
    throw new Error('an actor writes its own bytes')
  }

  seal(): void {
    throw new Error('an actor signs by itself')
  }

  sign(): void {
    throw new Error('an actor signs by itself')
  }

  onLink(): void {}

  onClose(): void {}

  ownClaims(): readonly [] {
    return []
  }
}

function signedAtOnce(signer: Signer, message: Uint8Array): Uint8Array {
  let out: Uint8Array | undefined
  signer.sign(message, (signature) => {
    if (signature instanceof Error) throw signature
    out = signature
  })
  if (out === undefined) throw new Error('signers of a simulation answer at once')
  return out
}
