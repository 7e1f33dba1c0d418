/**
 * A peer that lies, over the real transport and through the real signaling client. It makes its own
 * frames and claims from what docs/protocol says of every byte, with none of the product's code for
 * them, which would refuse to write half of this.
 */
import { createHash } from 'node:crypto'
import { getPublicKeyAsync, signAsync } from '@noble/ed25519'
import { WebSocket } from 'ws'
import { type PeerId, SignalingClient, type SocketLike } from 'shoal/signaling'
import { loadWrtc } from '../../lib/dist/adapters/node/wrtc.js'
import { simplePeerTransport } from '../../lib/dist/transport/simple-peer.js'
import type { Link, Transport } from '../../lib/src/transport/port.ts'
import { realHost } from '../../lib/test/transport/lab.ts'
import { testSigner, testVerifier } from '../../lib/test/transport/keys.ts'
import { eventually } from './eventually.ts'

const aliveType = 1
const leaveType = 3
const ping = 1
const ack = 2
const gossip = 7

/** Unsigned integers, byte strings, text and arrays: all that claims and frames are made of. */
type Item = number | Uint8Array | string | readonly Item[]

function head(major: number, value: number): Buffer {
  if (value < 24) return Buffer.of((major << 5) | value)
  const sizes = [
    [24, 1, 2 ** 8],
    [25, 2, 2 ** 16],
    [26, 4, 2 ** 32],
  ] as const
  const [code, bytes] = sizes.find(([, , limit]) => value < limit) ?? [27, 8]
  const out = Buffer.alloc(1 + bytes)
  out[0] = (major << 5) | code
  if (bytes === 8) out.writeBigUInt64BE(BigInt(value), 1)
  else out.writeUIntBE(value, 1, bytes)
  return out
}

function write(item: Item): Buffer {
  if (typeof item === 'number') return head(0, item)
  if (typeof item === 'string') return Buffer.concat([head(3, Buffer.byteLength(item)), Buffer.from(item)])
  if (item instanceof Uint8Array) return Buffer.concat([head(2, item.length), item])
  return Buffer.concat([head(4, item.length), ...item.map(write)])
}

/** Reads what `write` writes; anything else is left unread. */
function read(bytes: Uint8Array): Item {
  const buffer = Buffer.from(bytes)
  let at = 0
  const next = (): Item => {
    const initial = buffer[at++]!
    const [major, low] = [initial >> 5, initial & 31]
    const size = low < 24 ? 0 : 2 ** (low - 24)
    const value = size === 0 ? low : size === 8 ? Number(buffer.readBigUInt64BE(at)) : buffer.readUIntBE(at, size)
    at += size
    if (major === 0) return value
    if (major === 4) return Array.from({ length: value }, next)
    const content = buffer.subarray(at, (at += value))
    return major === 3 ? content.toString() : content
  }
  return next()
}

export interface Key {
  readonly seed: Uint8Array
  readonly publicKey: Uint8Array
}

export async function keyOf(seed: Uint8Array): Promise<Key> {
  return { seed, publicKey: await getPublicKeyAsync(seed) }
}

/** What an `alive` claim says. */
export interface Alive {
  readonly author: Uint8Array
  readonly instance: Uint8Array
  readonly startedAt: number
  readonly incarnation: number
  readonly metadata: Uint8Array
  readonly zone: string
  readonly sealingKey: Uint8Array
  readonly issuedAt: number
  readonly ttlMs: number
}

/** The bytes of a claim, with whatever signature is given. */
function envelope(type: number, body: Uint8Array, signature: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.of(type), body, signature])
}

async function sign(type: 'alive' | 'leave', body: Uint8Array, by: Key, room: string): Promise<Uint8Array> {
  const meshId = createHash('sha256').update(`shoal/1/mesh\0${room}`).digest()
  return signAsync(Buffer.concat([Buffer.from(`shoal/1/${type}\0`), meshId, body]), by.seed)
}

function aliveBody(claim: Alive): Uint8Array {
  const { author, instance, startedAt, incarnation, metadata, zone, sealingKey, issuedAt, ttlMs } = claim
  const stable = write([author, instance, startedAt, incarnation, metadata, zone, new Uint8Array(0), sealingKey])
  return write([stable, issuedAt, ttlMs])
}

export function readAlive(claim: Uint8Array): Alive {
  const [stable, issuedAt, ttlMs] = read(claim.subarray(1, -64)) as [Uint8Array, number, number]
  const [author, instance, startedAt, incarnation, metadata, zone, , sealingKey] = read(stable) as [
    Uint8Array,
    Uint8Array,
    number,
    number,
    Uint8Array,
    string,
    Uint8Array,
    Uint8Array,
  ]
  return { author, instance, startedAt, incarnation, metadata, zone, sealingKey, issuedAt, ttlMs }
}

export async function aliveClaim(claim: Alive, by: Key, room: string): Promise<Uint8Array> {
  const body = aliveBody(claim)
  return envelope(aliveType, body, await sign('alive', body, by, room))
}

/** Other words over the signature that belongs to `claim`. */
export function altered(claim: Uint8Array, changes: Partial<Alive>): Uint8Array {
  return envelope(aliveType, aliveBody({ ...readAlive(claim), ...changes }), claim.subarray(-64))
}

export async function leaveClaim(of: Alive, by: Key, room: string): Promise<Uint8Array> {
  const body = write([of.author, of.issuedAt, of.ttlMs, of.instance, of.startedAt])
  return envelope(leaveType, body, await sign('leave', body, by, room))
}

export class Liar {
  readonly key: Key
  readonly id: string
  readonly #room: string
  readonly #links = new Map<string, Link>()
  readonly #claims: Uint8Array[] = []
  readonly closed = new Set<string>()
  /** One for all: who says two things of one run is out before it has lied. */
  readonly #startedAt = Date.now()
  readonly #losses: string[] = []
  readonly #failures: string[] = []
  readonly #transport: Transport
  readonly #client: SignalingClient

  private constructor(key: Key, id: string, room: string, make: (liar: Liar) => [Transport, SignalingClient]) {
    this.key = key
    this.id = id
    this.#room = room
    ;[this.#transport, this.#client] = make(this)
  }

  /** Enters the room as any member does, and links to each of these. */
  static async enter(url: string, room: string, peers: readonly { readonly id: string }[]): Promise<Liar> {
    const key = await keyOf(crypto.getRandomValues(new Uint8Array(32)))
    const signer = await testSigner(key.seed)
    const meshId = createHash('sha256').update(`shoal/1/mesh\0${room}`).digest()
    const wrtc = await loadWrtc()
    const liar = new Liar(key, signer.peerId, room, (self) => {
      const transport: Transport = simplePeerTransport({
        credentials: { meshId: meshId as never, signer, verifier: testVerifier },
        host: realHost,
        wrtc,
      })({
        onSignal: (to, payload) => void client.signal(to, payload),
        onLink: (link) => self.#adopt(link),
        onFailure: (peer, code) => {
          self.#failures.push(code)
          transport.dial(peer)
        },
      })
      const client: SignalingClient = new SignalingClient(
        { urls: [url], room, signer },
        {
          openSocket: (address) => new WebSocket(address) as unknown as SocketLike,
          after: (delayMs, callback) => realHost.after(delayMs, callback),
          random: Math.random,
        },
        {
          onConnected: () => {
            for (const { id } of peers) transport.dial(id as PeerId)
          },
          onLost: (_url, error) => self.#losses.push(error.code),
          onSample: () => {},
          onSignal: (from, payload) => transport.signal(from, payload),
          onAbsent: () => {},
        },
      )
      return [transport, client]
    })
    liar.#client.resume()
    await eventually(
      'the liar to be linked to all',
      () => ({ links: liar.#links.size, losses: liar.#losses, failures: liar.#failures }),
      () => peers.every(({ id }) => liar.#links.has(id)),
    )
    return liar
  }

  /** The last alive claim of this peer that came by, as it came. */
  overhear(peer: string): Promise<Uint8Array> {
    const key = Buffer.from(peer, 'base64url')
    return eventually(
      'a claim to be overheard',
      () => this.#claims.findLast((claim) => key.equals(readAlive(claim).author))!,
      (claim) => claim !== undefined,
    )
  }

  /** Says these claims on every link. */
  tell(...claims: readonly Uint8Array[]): void {
    for (const link of this.#links.values()) link.send(write([gossip, claims]))
  }

  leave(): void {
    this.#client.stop()
    this.#transport.close()
  }

  #adopt(link: Link): void {
    this.#links.set(link.peer, link)
    link.onFrame = (frame) => this.#onFrame(link, frame)
    link.onClose = () => {
      this.#links.delete(link.peer)
      this.closed.add(link.peer)
    }
    void this.#introduce(link)
  }

  /** A member in good standing: its own claim is as it should be. */
  async #introduce(link: Link): Promise<void> {
    const own = {
      author: this.key.publicKey,
      instance: this.key.publicKey.subarray(0, 16),
      startedAt: this.#startedAt,
      incarnation: 0,
      metadata: new Uint8Array(0),
      zone: '',
      sealingKey: new Uint8Array(0),
      issuedAt: Date.now(),
      ttlMs: 300_000,
    }
    link.send(write([gossip, [await aliveClaim(own, this.key, this.#room)]]))
  }

  /** Answers pings, and keeps the claims that it hears. */
  #onFrame(link: Link, frame: Uint8Array): void {
    const [kind, seq, table, extra, ...rest] = read(frame) as Item[]
    if (kind === ping) link.send(write([ack, seq!, table!, extra!, Date.now(), []]))
    const claims = (kind === gossip ? seq : rest.at(-1)) as Item
    if ((kind !== ping && kind !== ack && kind !== gossip) || !Array.isArray(claims)) return
    for (const claim of claims as Uint8Array[]) if (claim[0] === aliveType) this.#claims.push(claim)
  }
}
