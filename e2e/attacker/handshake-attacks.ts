/**
 * Attacks on a handshake by whoever carries its frames, and on what signaling says of certificates. The two
 * ends are the product's own state machine; the attacker only chooses which bytes reach whom.
 */
import { createPublicKey, verify } from 'node:crypto'
import { type Credentials, type Fingerprints, Handshake } from '../../lib/src/transport/handshake.ts'
import type { Verifier } from '../../lib/src/identity/keys.ts'
import { type MeshId, type PeerId, peerIdFromBytes } from '../../lib/src/identity/peer-id.ts'
import { onlyFingerprint } from '../../lib/src/transport/sdp.ts'
import { type Key, keyOf, meshIdOf } from './claims.ts'
import { type Attack, room } from './siege.ts'

export const verifier: Verifier = {
  verify(publicKey, message, signature, done) {
    const x = Buffer.from(publicKey).toString('base64url')
    done(verify(null, message, createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' }), signature))
  },
}

const [ada, bob] = [keyOf(Buffer.alloc(32, 1)), keyOf(Buffer.alloc(32, 2))]
const idOf = (key: Key): PeerId => peerIdFromBytes(key.publicKey)
const print = (fill: number): Buffer => Buffer.alloc(32, fill)
/** Ada's certificate is the first, Bob's the second. */
export const prints: Fingerprints = { own: print(1), peer: print(2) }
export const turned: Fingerprints = { own: prints.peer, peer: prints.own }
const [another, third] = [print(3), print(4)]

export class Side {
  readonly said: Uint8Array[] = []
  readonly #handshake: Handshake
  linked = false

  constructor(
    role: 'initiator' | 'responder',
    fingerprints: Fingerprints,
    nonce: number,
    name = room,
    asks?: Partial<Credentials>,
  ) {
    const [self, peer] = role === 'initiator' ? [ada, bob] : [bob, ada]
    this.#handshake = new Handshake({
      credentials: {
        meshId: Uint8Array.from(meshIdOf(name)) as MeshId,
        signer: { peerId: idOf(self), sign: (message, done) => done(self.sign(message)) },
        verifier,
        ...asks,
      },
      role,
      peer: idOf(peer),
      nonce: Buffer.alloc(32, nonce),
      send: (frame) => this.said.push(frame),
      done: ({ ok }) => (this.linked = ok),
    })
    this.#handshake.start(fingerprints)
  }

  hear(frame: Uint8Array | undefined): void {
    if (frame !== undefined) this.#handshake.receive(frame)
  }
}

/** Carries what both say to the other, unaltered. */
export function carryAll(one: Side, other: Side): void {
  for (let at = 0; at < 3; at++) {
    const [first, second] = [one.said[at], other.said[at]]
    other.hear(first)
    one.hear(second)
  }
}

export const handshakeAttacks: readonly Attack[] = [
  {
    name: 'middle: the server stands between two, with certificates of its own, and carries their frames',
    run() {
      const one = new Side('initiator', { own: prints.own, peer: another }, 1)
      const other = new Side('responder', { own: prints.peer, peer: third }, 2)
      carryAll(one, other)
      return one.linked || other.linked ? ['a link came up over somebody in the middle'] : []
    },
  },
  {
    name: 'middle: a description that names two certificates, of which an engine takes either',
    run() {
      const line = (fill: number): string =>
        `a=fingerprint:sha-256 ${Array.from({ length: 32 }, () => fill.toString(16).padStart(2, '0').toUpperCase()).join(':')}\r\n`
      const [honest, own] = [line(0xaa), line(0xee)]
      return onlyFingerprint(`v=0\r\n${honest}${own}`) === undefined ? [] : ['one of two certificates was believed']
    },
  },
  {
    name: 'rerun: a handshake that was overheard is run again, by whoever has got hold of the certificate’s key',
    run() {
      const one = new Side('initiator', prints, 1)
      const other = new Side('responder', turned, 2)
      carryAll(one, other)
      if (!one.linked || !other.linked) return ['two honest peers did not link']
      const again = new Side('responder', turned, 3)
      for (const frame of one.said) again.hear(frame)
      return again.linked ? ['what was said to the last link opened another'] : []
    },
  },
  {
    name: 'rerun: a handshake is carried over into another room',
    run() {
      const one = new Side('initiator', prints, 1, 'another room')
      const other = new Side('responder', turned, 2)
      carryAll(one, other)
      return one.linked || other.linked ? ['two linked who are in different rooms'] : []
    },
  },
]
