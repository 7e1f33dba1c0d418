/**
 * Who is at the other end of this channel?
 *
 * DTLS encrypts a data channel between two certificates, and says nothing of whose they are: that was
 * in the signaling, which passed through a server that nobody trusts. So both sides prove, over the
 * channel itself, that the holder of their ed25519 key sees the same channel as the other: the same
 * room, both ids, both fresh nonces, who offered, and both certificates' fingerprints. A server that
 * put itself in between has other fingerprints, and cannot sign for either.
 *
 *     HELLO   "SHL1" | version u8 | role u8 | public key 32 | nonce 32                        70 bytes
 *     AUTH    0x02 | signature 64 | macLen u8 | mac 0 or 32 | capLen u16 | capability ≤ 1024
 *     FINISH  0x03                                                                            1 byte
 *
 *     th  = SHA-256("shoal/hs/1\0" | mesh id 32 | HELLO_I | HELLO_R | fingerprint_I 32 | fingerprint_R 32)
 *     sig = Ed25519("shoal/hs/1/sig/" x "\0" | th)            x = "I" who offered, "R" who answered
 *     mac = HMAC-SHA256(key, "shoal/hs/1/psk/" x "\0" | th)   in rooms with a secret
 *
 * Everything is fixed width: no decoder that could be attacked runs before we know the peer. HELLO and
 * AUTH of both sides cross, so it takes one round trip and a half. FINISH says "I accepted you"; it is
 * the first frame that only an authenticated peer sends, and a link is up when it has come in: without
 * it, one side could believe in a link that the other has refused.
 *
 * This file is a state machine: it is handed frames, keys' answers and the end of its time, and calls
 * back what to send and how it ended. `docs/protocol/handshake.md` has every byte and the test vectors.
 */
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import type { Signer, Verifier } from '../identity/keys.ts'
import type { MeshId, PeerId } from '../identity/peer-id.ts'
import { peerKey } from './peer-key.ts'

/** `initiator` made the offer, `responder` the answer. */
export type Role = 'initiator' | 'responder'

export const helloBytes = 70
export const macBytes = 32
export const capabilityBytesMax = 1024
/** The most that a peer can make us take in before it is authenticated: HELLO and the longest AUTH. */
export const authBytesMax = 1 + 64 + 1 + macBytes + 2 + capabilityBytesMax

const magic = new Uint8Array([0x53, 0x48, 0x4c, 0x31]) // "SHL1"
const version = 1
const authTag = 0x02
const finishTag = 0x03
const signatureBytes = 64
const roleByte: Record<Role, number> = { initiator: 0, responder: 1 }
const roleLetter: Record<Role, string> = { initiator: 'I', responder: 'R' }
const other: Record<Role, Role> = { initiator: 'responder', responder: 'initiator' }

/** Why a handshake ended, for our own logs and tests; the peer is told nothing. */
export type HandshakeCode =
  | 'HS_LENGTH' // a frame of a length that it cannot have
  | 'HS_MAGIC' // not a HELLO, AUTH or FINISH of ours
  | 'HS_VERSION' // speaks another version
  | 'HS_ROLE' // claims our own role: a reflection
  | 'HS_SELF' // our own key
  | 'HS_WRONG_PEER' // a key that is not the one we expected
  | 'HS_PSK' // does not know the room's secret, or knows one that we have no use for
  | 'HS_SIGNATURE' // did not sign what we see: other fingerprints, another room, another key
  | 'HS_ADMISSION' // not let in by the room's rule
  | 'HS_UNEXPECTED' // a frame before its time, or one too many
  | 'HS_FINGERPRINT' // the channel's certificate is not the one that the signaling named, or cannot be told
  | 'HS_SIGNER' // our own key would not sign
  | 'HS_TIMEOUT' // not done in time
  | 'HS_CLOSED' // the channel closed first

/** What the application is told. */
export const errorOf: Readonly<Record<HandshakeCode, string>> = {
  HS_LENGTH: 'ERR_HANDSHAKE_MALFORMED',
  HS_MAGIC: 'ERR_HANDSHAKE_MALFORMED',
  HS_VERSION: 'ERR_HANDSHAKE_VERSION',
  HS_ROLE: 'ERR_HANDSHAKE_MALFORMED',
  HS_SELF: 'ERR_HANDSHAKE_SELF',
  HS_WRONG_PEER: 'ERR_HANDSHAKE_WRONG_PEER',
  HS_PSK: 'ERR_HANDSHAKE_SECRET',
  HS_SIGNATURE: 'ERR_HANDSHAKE_SIGNATURE',
  HS_ADMISSION: 'ERR_NOT_ADMITTED',
  HS_UNEXPECTED: 'ERR_HANDSHAKE_MALFORMED',
  HS_FINGERPRINT: 'ERR_HANDSHAKE_FINGERPRINT',
  HS_SIGNER: 'ERR_SIGNER',
  HS_TIMEOUT: 'ERR_HANDSHAKE_TIMEOUT',
  HS_CLOSED: 'ERR_LINK_CLOSED',
}

/** SHA-256 of the certificates (DER) that the two ends of the channel use. */
export interface Fingerprints {
  readonly own: Uint8Array
  readonly peer: Uint8Array
}

/** A room's secret as the handshake sees it: 32-byte keys. Several are accepted while one is being replaced. */
export interface SharedSecret {
  readonly prove: Uint8Array
  readonly accept: readonly Uint8Array[]
}

/** What a peer must show, and what we show. The same for every link of one transport. */
export interface Credentials {
  readonly meshId: MeshId
  readonly signer: Signer
  readonly verifier: Verifier
  readonly psk?: SharedSecret | undefined
  /** Ours, at most 1,024 bytes. */
  readonly capability?: Uint8Array | undefined
  /** Asked last, of a peer that proved its key. Calls back once: a code refuses, undefined admits. */
  readonly admit?:
    ((peer: PeerId, capability: Uint8Array, done: (refusal: string | undefined) => void) => void) | undefined
}

export type HandshakeResult =
  | { readonly ok: true; readonly session: Uint8Array }
  /** `error` is the code for the application: the room's own when `admit` refused. */
  | { readonly ok: false; readonly code: HandshakeCode; readonly error: string }

export interface HandshakeOptions {
  readonly credentials: Credentials
  readonly role: Role
  /** Whom we dialled, or who the offer said it was from. Nobody else will do. */
  readonly peer: PeerId
  /** 32 fresh random bytes. */
  readonly nonce: Uint8Array
  send(frame: Uint8Array): void
  /** Called exactly once. */
  done(result: HandshakeResult): void
}

/** One handshake on one channel. `start` when the channel is open, `receive` each frame until `done`. */
export class Handshake {
  readonly #options: HandshakeOptions
  readonly #hello: Uint8Array
  readonly #peerKey: Uint8Array | undefined
  #fingerprints: Fingerprints | undefined
  /** A frame that came before our own end of the channel was open. */
  #early: Uint8Array | undefined
  #th: Uint8Array | undefined
  #authReceived = false
  #signed = false
  #accepted = false
  #finishSent = false
  #finishReceived = false
  #ended = false

  constructor(options: HandshakeOptions) {
    this.#options = options
    const { signer, capability, psk } = options.credentials
    const ownKey = peerKey(signer.peerId)
    if (ownKey === undefined) throw new RangeError('the signer has no 32-byte peer id')
    if (options.credentials.meshId.length !== 32) throw new RangeError('a mesh id has 32 bytes')
    if (options.nonce.length !== 32) throw new RangeError('a nonce has 32 bytes')
    if ((capability?.length ?? 0) > capabilityBytesMax)
      throw new RangeError(`a capability has at most ${capabilityBytesMax} bytes`)
    if (psk !== undefined && psk.prove.length === 0) throw new RangeError('an empty secret proves nothing')
    this.#peerKey = peerKey(options.peer)
    this.#hello = encodeHello(options.role, ownKey, options.nonce)
  }

  /** The channel is open; both certificates are known. Sends HELLO. */
  start(fingerprints: Fingerprints): void {
    if (this.#ended || this.#fingerprints !== undefined) return
    if (fingerprints.own.length !== 32 || fingerprints.peer.length !== 32) return this.#fail('HS_FINGERPRINT')
    this.#fingerprints = fingerprints
    this.#options.send(this.#hello)
    const early = this.#early
    this.#early = undefined
    if (early !== undefined) this.#onHello(early)
  }

  receive(frame: Uint8Array): void {
    if (this.#ended) return
    if (this.#fingerprints === undefined) {
      // The far end can be open before ours is (measured). It cannot have our HELLO yet, so its own
      // is all that it can have sent.
      if (this.#early !== undefined) return this.#fail('HS_UNEXPECTED')
      if (frame.length !== helloBytes) return this.#fail('HS_LENGTH')
      this.#early = frame
      return
    }
    if (this.#th === undefined) return this.#onHello(frame)
    if (!this.#authReceived) return this.#onAuth(frame)
    if (!this.#finishReceived) return this.#onFinish(frame)
    this.#fail('HS_UNEXPECTED')
  }

  /** The time is over. */
  expire(): void {
    this.#fail('HS_TIMEOUT')
  }

  /** The channel is gone, or what it is cannot be told. */
  abort(code: 'HS_CLOSED' | 'HS_FINGERPRINT'): void {
    this.#fail(code)
  }

  #onHello(frame: Uint8Array): void {
    const { role, credentials } = this.#options
    if (frame.length !== helloBytes) return this.#fail('HS_LENGTH')
    if (!equal(frame.subarray(0, 4), magic)) return this.#fail('HS_MAGIC')
    if (frame[4] !== version) return this.#fail('HS_VERSION')
    if (frame[5] !== roleByte[other[role]]) return this.#fail('HS_ROLE')
    const key = frame.subarray(6, 38)
    if (equal(key, this.#hello.subarray(6, 38))) return this.#fail('HS_SELF')
    if (this.#peerKey === undefined || !equal(key, this.#peerKey)) return this.#fail('HS_WRONG_PEER')
    const th = transcript(credentials.meshId, role, this.#hello, frame, this.#fingerprints!)
    this.#th = th
    credentials.signer.sign(signedBytes(role, th), (signature) => {
      if (this.#ended || this.#signed) return
      if (signature instanceof Error || signature.length !== signatureBytes) return this.#fail('HS_SIGNER')
      this.#signed = true
      const psk = credentials.psk
      const mac = psk === undefined ? empty : macOf(psk.prove, role, th)
      this.#options.send(encodeAuth(signature, mac, credentials.capability ?? empty))
      this.#advance()
    })
  }

  #onAuth(frame: Uint8Array): void {
    this.#authReceived = true
    const { role, credentials } = this.#options
    const auth = decodeAuth(frame)
    if (typeof auth === 'string') return this.#fail(auth)
    if (!this.#knowsSecret(auth.mac)) return this.#fail('HS_PSK')
    const message = signedBytes(other[role], this.#th!)
    credentials.verifier.verify(this.#peerKey!, message, auth.signature, (valid) => {
      if (this.#ended || this.#accepted) return
      if (!valid) return this.#fail('HS_SIGNATURE')
      if (credentials.admit === undefined) return this.#admitted(undefined)
      credentials.admit(this.#options.peer, auth.capability, (refusal) => this.#admitted(refusal))
    })
  }

  #admitted(refusal: string | undefined): void {
    if (this.#ended || this.#accepted) return
    if (refusal !== undefined) return this.#fail('HS_ADMISSION', refusal)
    this.#accepted = true
    this.#advance()
  }

  #onFinish(frame: Uint8Array): void {
    if (frame.length !== 1) return this.#fail('HS_LENGTH')
    if (frame[0] !== finishTag) return this.#fail('HS_MAGIC')
    // The peer accepts only what we signed, so this cannot be honest before our AUTH has left.
    if (!this.#signed) return this.#fail('HS_UNEXPECTED')
    this.#finishReceived = true
    this.#advance()
  }

  #advance(): void {
    if (!this.#signed || !this.#accepted) return
    if (!this.#finishSent) {
      this.#finishSent = true
      this.#options.send(new Uint8Array([finishTag]))
    }
    if (!this.#finishReceived || this.#ended) return
    this.#ended = true
    this.#options.done({ ok: true, session: this.#th! })
  }

  #knowsSecret(mac: Uint8Array): boolean {
    const psk = this.#options.credentials.psk
    if (psk === undefined) return mac.length === 0
    if (mac.length !== macBytes) return false
    // Every accepted key is tried, whether or not an earlier one fitted: the time tells nothing.
    let known = false
    for (const key of psk.accept) {
      if (key.length > 0 && equal(mac, macOf(key, other[this.#options.role], this.#th!))) known = true
    }
    return known
  }

  #fail(code: HandshakeCode, error: string = errorOf[code]): void {
    if (this.#ended) return
    this.#ended = true
    this.#options.done({ ok: false, code, error })
  }
}

const empty = new Uint8Array(0)

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0))
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** In a time that depends on the length only. */
function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  let difference = 0
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ b[i]!
  return difference === 0
}

function encodeHello(role: Role, key: Uint8Array, nonce: Uint8Array): Uint8Array {
  return concat(magic, new Uint8Array([version, roleByte[role]]), key, nonce)
}

function encodeAuth(signature: Uint8Array, mac: Uint8Array, capability: Uint8Array): Uint8Array {
  const length = new Uint8Array([capability.length >> 8, capability.length & 0xff])
  return concat(new Uint8Array([authTag]), signature, new Uint8Array([mac.length]), mac, length, capability)
}

interface Auth {
  readonly signature: Uint8Array
  readonly mac: Uint8Array
  readonly capability: Uint8Array
}

function decodeAuth(frame: Uint8Array): Auth | HandshakeCode {
  const macAt = 1 + signatureBytes + 1
  if (frame.length < macAt + 2 || frame.length > authBytesMax) return 'HS_LENGTH'
  if (frame[0] !== authTag) return 'HS_MAGIC'
  const macLength = frame[macAt - 1]!
  if (macLength !== 0 && macLength !== macBytes) return 'HS_LENGTH'
  const capabilityAt = macAt + macLength + 2
  if (frame.length < capabilityAt) return 'HS_LENGTH'
  const capabilityLength = (frame[capabilityAt - 2]! << 8) | frame[capabilityAt - 1]!
  if (capabilityLength > capabilityBytesMax || frame.length !== capabilityAt + capabilityLength) return 'HS_LENGTH'
  return {
    signature: frame.subarray(1, 1 + signatureBytes),
    mac: frame.subarray(macAt, macAt + macLength),
    capability: frame.subarray(capabilityAt),
  }
}

function transcript(meshId: MeshId, role: Role, own: Uint8Array, peer: Uint8Array, prints: Fingerprints): Uint8Array {
  const label = ascii('shoal/hs/1\0')
  return role === 'initiator'
    ? sha256(concat(label, meshId, own, peer, prints.own, prints.peer))
    : sha256(concat(label, meshId, peer, own, prints.peer, prints.own))
}

function signedBytes(role: Role, th: Uint8Array): Uint8Array {
  return concat(ascii(`shoal/hs/1/sig/${roleLetter[role]}\0`), th)
}

function macOf(key: Uint8Array, role: Role, th: Uint8Array): Uint8Array {
  return hmac(sha256, key, concat(ascii(`shoal/hs/1/psk/${roleLetter[role]}\0`), th))
}
