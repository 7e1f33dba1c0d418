/**
 * A transport under test, and everything it says, in words that can cross to another engine: it runs
 * as it is in Node and, through a bridge, inside a page. What carries its signals is the test.
 */
import type { PeerId, MeshId } from '../../src/identity/peer-id.ts'
import type { TransportHost } from '../../src/transport/connection.ts'
import type { Credentials } from '../../src/transport/handshake.ts'
import type { TransportLimits } from '../../src/transport/limits.ts'
import type { Link, Transport, TransportFactory } from '../../src/transport/port.ts'
import { hex, testSigner, testVerifier, unhex } from './keys.ts'

/** Bytes are hexadecimal, so that all of it survives a bridge. */
export interface LabOptions {
  readonly seed: string
  readonly meshId: string
  readonly psk?: { readonly prove: string; readonly accept: readonly string[] }
  readonly capability?: string
  /** Admits only a peer that shows this; anyone else is refused with `ERR_TEST_REFUSED`. */
  readonly demands?: string
  readonly limits?: Partial<TransportLimits>
}

export type LabEvent =
  | { readonly type: 'signal'; readonly to: string; readonly payload: string }
  | { readonly type: 'link'; readonly peer: string; readonly initiator: boolean; readonly session: string }
  | { readonly type: 'failure'; readonly peer: string; readonly code: string }
  | { readonly type: 'frame'; readonly peer: string; readonly data: string }
  | { readonly type: 'drain'; readonly peer: string }
  | { readonly type: 'close'; readonly peer: string; readonly code: string }

export const realHost: TransportHost = {
  now: () => performance.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs)
    return () => clearTimeout(timer)
  },
  random: (count) => crypto.getRandomValues(new Uint8Array(count)),
}

export type MakeTransport = (credentials: Credentials, limits: Partial<TransportLimits>) => TransportFactory

export class LabPeer {
  readonly id: string
  readonly #transport: Transport
  readonly #links = new Map<string, Link>()

  private constructor(id: string, transport: (peer: LabPeer) => Transport) {
    this.id = id
    this.#transport = transport(this)
  }

  static async open(options: LabOptions, make: MakeTransport, tell: (event: LabEvent) => void): Promise<LabPeer> {
    const signer = await testSigner(unhex(options.seed))
    const psk = options.psk
    const factory = make(
      {
        meshId: unhex(options.meshId) as MeshId,
        signer,
        verifier: testVerifier,
        psk: psk && { prove: unhex(psk.prove), accept: psk.accept.map(unhex) },
        capability: options.capability === undefined ? undefined : unhex(options.capability),
        admit: (_peer, capability, done) =>
          done(options.demands === undefined || options.demands === hex(capability) ? undefined : 'ERR_TEST_REFUSED'),
      },
      options.limits ?? {},
    )
    return new LabPeer(signer.peerId, (peer) =>
      factory({
        onSignal: (to, payload) => tell({ type: 'signal', to, payload: hex(payload) }),
        onFailure: (to, code) => tell({ type: 'failure', peer: to, code }),
        onLink: (link) => peer.#adopt(link, tell),
      }),
    )
  }

  dial(peer: string): void {
    this.#transport.dial(peer as PeerId)
  }

  signal(from: string, payload: string): void {
    this.#transport.signal(from as PeerId, unhex(payload))
  }

  /** Answers the name of the error that `send` threw. */
  send(peer: string, data: string): string | undefined {
    return this.#try(() => this.#links.get(peer)?.send(unhex(data)))
  }

  /** `count` frames of `bytes` bytes each, numbered in their first four. Answers the most that ever waited. */
  flood(peer: string, count: number, bytes: number): number {
    const link = this.#links.get(peer)
    let most = 0
    for (let i = 0; i < count; i++) {
      const frame = new Uint8Array(bytes)
      new DataView(frame.buffer).setUint32(0, i)
      link?.send(frame)
      most = Math.max(most, link?.bufferedBytes ?? 0)
    }
    return most
  }

  buffered(peer: string): number {
    return this.#links.get(peer)?.bufferedBytes ?? 0
  }

  closeLink(peer: string): void {
    this.#links.get(peer)?.close()
  }

  close(): void {
    this.#transport.close()
  }

  /** Links and attempts that the transport still holds. */
  size(): number {
    return (this.#transport as Transport & { size: number }).size
  }

  #adopt(link: Link, tell: (event: LabEvent) => void): void {
    const { peer } = link
    this.#links.set(peer, link)
    tell({ type: 'link', peer, initiator: link.initiator, session: hex(link.session) })
    link.onFrame = (frame) => tell({ type: 'frame', peer, data: hex(frame) })
    link.onDrain = () => tell({ type: 'drain', peer })
    link.onClose = (code) => tell({ type: 'close', peer, code })
  }

  #try(act: () => void): string | undefined {
    try {
      act()
      return undefined
    } catch (error) {
      return error instanceof Error ? error.name : 'unknown'
    }
  }
}

/** What a test may ask of a peer, wherever it lives. */
export type LabCommand = 'dial' | 'signal' | 'send' | 'flood' | 'buffered' | 'closeLink' | 'close' | 'size'
