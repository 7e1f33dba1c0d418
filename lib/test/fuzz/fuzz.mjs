/**
 * Feeds hostile frames to ingress, and to the decoder of application data, and measures what comes of it.
 *
 * @typedef {object} Product What is under test: the sources in a test, what was built in `npm run fuzz`.
 * @property {typeof import('../../src/pipeline/index.ts')} pipeline
 * @property {typeof import('../../src/identity/index.ts')} identity
 *
 * @typedef {object} Figures
 * @property {number} frames tried
 * @property {number} delivered
 * @property {number} refused
 * @property {Record<string, number>} codes why
 * @property {string[]} crashes anything thrown that is not the decoder's own error, with the frame in hex
 * @property {number} slowestMs the longest that one frame held the thread, preemption and garbage collection included
 * @property {number} slowestAgainMs the slowest frames fed again, the best of 20 times for each
 */
import { mutator } from './mutator.mjs'

/**
 * @param {Product} product
 * @param {{ meshId: string, seeds: readonly string[], frames: number, seed: number }} options
 * @returns {Figures}
 */
export function fuzz({ pipeline, identity }, { meshId, seeds, frames, seed }) {
  const self = identity.peerIdFromBytes(new Uint8Array(32).fill(9))
  /** @type {Figures} */
  const figures = { frames, delivered: 0, refused: 0, codes: {}, crashes: [], slowestMs: 0, slowestAgainMs: 0 }
  const unlimited = { perSecond: 1e12, burst: 1e12 }
  const ingress = new pipeline.Ingress({
    self,
    meshId: /** @type {import('../../src/identity/peer-id.ts').MeshId} */ (fromHex(meshId)),
    // Every other claim passes, so that what lies behind the signature is reached as well.
    verifier: { verify: (_key, message, _signature, done) => done((message.at(-1) ?? 0) % 2 === 0) },
    deliver: (arrival) => {
      if (arrival.type === 'received') return void figures.delivered++
      figures.refused++
      figures.codes[arrival.code] = (figures.codes[arrival.code] ?? 0) + 1
    },
    budget: { frames: unlimited, bytes: unlimited, verifications: unlimited, backlogFrames: 10, backlogBytes: 1e6 },
  })
  const link = /** @type {import('../../src/core/input.ts').LinkId} */ (1)
  const now = /** @type {import('../../src/identity/millis.ts').Millis} */ (0)
  ingress.setClock(1_800_000_000_000)
  ingress.openLink(link)

  /** @param {Uint8Array} bytes */
  const feed = (bytes) => {
    ingress.receive(link, bytes, now)
    pipeline.tryDecodeValue(bytes)
  }

  const next = mutator(seeds.map(fromHex), seed)
  /** @type {{ ms: number, bytes: Uint8Array }[]} */
  const slow = []
  for (let fed = 0; fed < frames; fed++) {
    const bytes = next()
    const from = performance.now()
    try {
      feed(bytes)
    } catch (reason) {
      figures.crashes.push(`${String(reason)}: ${toHex(bytes)}`)
    }
    const ms = performance.now() - from
    if (slow.length < 16 || ms > /** @type {{ ms: number }} */ (slow.at(-1)).ms) {
      slow.push({ ms, bytes: bytes.slice() })
      slow.sort((left, right) => right.ms - left.ms)
      if (slow.length > 16) slow.pop()
    }
  }
  figures.slowestMs = slow[0]?.ms ?? 0
  for (const { bytes } of slow) {
    let best = Infinity
    for (let again = 0; again < 20; again++) {
      const from = performance.now()
      try {
        feed(bytes)
      } catch {
        // Counted above.
      }
      best = Math.min(best, performance.now() - from)
    }
    figures.slowestAgainMs = Math.max(figures.slowestAgainMs, best)
  }
  return figures
}

/** @param {string} text */
export function fromHex(text) {
  return Uint8Array.from(text.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16))
}

/** @param {Uint8Array} bytes */
function toHex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
