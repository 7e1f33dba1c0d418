/** A test's world: one clock, one in-memory network, one signaling server, and any number of peers in it. */
import { loadScriptEd25519 } from '../../src/identity/webcrypto.ts'
import type { JoinOptions } from '../../src/mesh/join-options.ts'
import { joinOn, type Platform } from '../../src/mesh/join.ts'
import type { Mesh, MeshEventMap, Metadata } from '../../src/mesh/mesh.ts'
import { MemoryHub } from '../../src/transport/memory.ts'
import { FakeDoor } from './fake-door.ts'
import { type ManualHost, ManualTime } from './manual-host.ts'

export const signaling = 'wss://door.test/'

export class Waters {
  readonly time = new ManualTime()
  readonly door = new FakeDoor(this.time)
  readonly hub: MemoryHub
  readonly platform: Platform
  readonly #hosts = new Map<string, ManualHost>()
  #newest: ManualHost | undefined

  constructor() {
    const { time, door } = this
    const random = (bytes: number) => crypto.getRandomValues(new Uint8Array(bytes))
    const hub = new MemoryHub({ now: () => time.nowMs, after: (delayMs, run) => time.after(delayMs, run), random })
    hub.latencyMs = 1
    this.hub = hub
    this.platform = {
      openHost: () => (this.#newest = time.host()),
      // Keys and signatures in script answer at once, so that the clock need not wait for a thread.
      subtle: () => undefined,
      load: async () => ({
        openSocket: (url) => door.open(url),
        transport: ({ credentials }) => {
          this.#hosts.set(credentials.signer.peerId, this.#newest!)
          return hub.transport({ credentials })
        },
      }),
    }
  }

  /** Joins while time passes. */
  async join<M extends Metadata>(options: Partial<JoinOptions<M>> = {}, room = 'lobby'): Promise<Mesh<M>> {
    const joining = joinOn<M>(this.platform, room, { signaling, ...options })
    return this.during(joining)
  }

  /** The clock and timer by which this one lives. */
  hostOf(mesh: Mesh): ManualHost {
    return this.#hosts.get(mesh.id)!
  }

  /** Lets time pass until the promise has settled. */
  async during<T>(promise: Promise<T>): Promise<T> {
    // Loaded when it is first needed, in real time; made-up time waits for it.
    await Promise.all([
      loadScriptEd25519(),
      import('../../src/mesh/kept-map.ts'),
      import('../../src/mesh/owned-room.ts'),
      import('../../src/mesh/secret-room.ts'),
    ])
    let settled = false
    const done = () => (settled = true)
    promise.then(done, done)
    for (let step = 0; step < 2000 && !settled; step++) await this.time.pass(10)
    if (!settled) throw new Error('not settled within 20 s')
    return promise
  }

  /** Lets time pass until this is so. */
  async until(what: () => boolean, withinMs = 20_000): Promise<number> {
    const start = this.time.nowMs
    while (!what()) {
      if (this.time.nowMs - start >= withinMs) throw new Error(`not so within ${withinMs} ms: ${what.toString()}`)
      await this.time.pass(10)
    }
    return this.time.nowMs - start
  }

  /** Several join at once, and wait until everybody sees everybody. */
  async shoal(count: number): Promise<Mesh[]> {
    const joining = Promise.all(
      Array.from({ length: count }, (_, at) =>
        joinOn(this.platform, 'lobby', { signaling, metadata: { name: `peer ${at}` } }),
      ),
    )
    const meshes = await this.during(joining)
    await this.until(() =>
      meshes.every((mesh) => alive(mesh) === count && mesh.stats().links.length === Math.min(8, count - 1)),
    )
    return meshes
  }
}

/** How many a peer holds to be alive, itself included. */
export function alive(mesh: Mesh): number {
  return [...mesh.members.values()].filter(({ status }) => status === 'alive').length
}

/** Everything of these types that a mesh says from now on, as `type` and what it is about. */
export function record(mesh: Mesh, types: readonly (keyof MeshEventMap)[]): string[] {
  const said: string[] = []
  for (const type of types) {
    mesh.addEventListener(type, ({ detail }) => {
      const about =
        'member' in detail
          ? detail.member.metadata.name
          : 'data' in detail
            ? detail.data
            : 'code' in detail
              ? detail.code
              : ''
      said.push(`${type} ${String(about)}`.trim())
    })
  }
  return said
}
