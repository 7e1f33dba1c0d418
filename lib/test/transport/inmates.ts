/** Peers on one in-memory hub whose time a test owns: keys answer at once, so nothing happens by itself. */
import { createPrivateKey, createPublicKey, randomBytes, sign, verify } from 'node:crypto'
import type { Signer, Verifier } from '../../src/identity/keys.ts'
import type { MeshId, PeerId } from '../../src/identity/peer-id.ts'
import type { TransportLimits } from '../../src/transport/limits.ts'
import { MemoryHub } from '../../src/transport/memory.ts'
import type { Negotiator } from '../../src/transport/negotiator.ts'
import { peerOfKey } from '../../src/transport/peer-key.ts'
import type { Link } from '../../src/transport/port.ts'
import { ManualHost } from './manual-host.ts'

// Node's own ed25519: fast, and not the library that the product uses.
const seedHead = Buffer.from('302e020100300506032b657004220420', 'hex')
const keyHead = Buffer.from('302a300506032b6570032100', 'hex')

export function nodeSigner(seed: Uint8Array): Signer {
  const key = createPrivateKey({ key: Buffer.concat([seedHead, seed]), format: 'der', type: 'pkcs8' })
  const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(keyHead.length)
  return { peerId: peerOfKey(publicKey), sign: (message, done) => done(new Uint8Array(sign(null, message, key))) }
}

export const nodeVerifier: Verifier = {
  verify: (publicKey, message, signature, done) => {
    const key = createPublicKey({ key: Buffer.concat([keyHead, publicKey]), format: 'der', type: 'spki' })
    done(verify(null, message, key, signature))
  },
}

export class Inmate {
  readonly id: PeerId
  readonly transport: Negotiator
  readonly signals: { to: PeerId; payload: Uint8Array }[] = []
  readonly links: Link[] = []
  readonly failures: string[] = []
  readonly closes: string[] = []
  readonly frames: number[][] = []
  drains = 0
  /** True while a test is inside a call to the transport. */
  calling = false
  /** Callbacks that came from inside a call. */
  reentries = 0

  constructor(yard: Yard, limits: Partial<TransportLimits>) {
    const signer = nodeSigner(randomBytes(32))
    this.id = signer.peerId
    const credentials = { meshId: new Uint8Array(32) as MeshId, signer, verifier: nodeVerifier }
    const told = (): void => void (this.reentries += this.calling ? 1 : 0)
    this.transport = yard.hub.transport({ credentials, limits })({
      onSignal: (to, payload) => {
        told()
        this.signals.push({ to, payload })
        yard.carry(this, to, payload)
      },
      onFailure: (_peer, code) => {
        told()
        this.failures.push(code)
      },
      onLink: (link) => {
        told()
        this.links.push(link)
        link.onFrame = (frame) => this.frames.push([...frame])
        link.onDrain = () => void this.drains++
        link.onClose = (code) => {
          told()
          this.closes.push(code)
        }
      },
    }) as Negotiator
  }

  /** Calls the transport, and counts what calls back before it returns. */
  call(act: (transport: Negotiator) => void): void {
    this.calling = true
    act(this.transport)
    this.calling = false
  }

  dial(peer: { readonly id: PeerId }): void {
    this.call((transport) => transport.dial(peer.id))
  }

  get link(): Link {
    const link = this.links.at(-1)
    if (link === undefined) throw new Error('there is no link')
    return link
  }
}

export class Yard {
  readonly host = new ManualHost()
  readonly hub = new MemoryHub(this.host)
  readonly inmates: Inmate[] = []
  /** How long a signal takes; undefined: it never arrives. */
  signalMs: number | undefined = 1

  add(limits: Partial<TransportLimits> = {}): Inmate {
    const inmate = new Inmate(this, limits)
    this.inmates.push(inmate)
    return inmate
  }

  /** Two inmates of one link; the first has dialled. */
  pair(limits: Partial<TransportLimits> = {}): [Inmate, Inmate] {
    const [a, b] = [this.add(limits), this.add(limits)]
    a.dial(b)
    this.host.advance(100)
    return [a, b]
  }

  carry(from: Inmate, to: PeerId, payload: Uint8Array): void {
    const inmate = this.inmates.find(({ id }) => id === to)
    if (inmate === undefined || this.signalMs === undefined) return
    this.host.after(this.signalMs, () => inmate.call((transport) => transport.signal(from.id, payload)))
  }
}
