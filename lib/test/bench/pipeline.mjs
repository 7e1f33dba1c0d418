/**
 * `npm run bench:pipeline`: what frames and claims cost on this machine, in processor time, so that other work
 * on it matters less. Builds first; no browser and no network.
 */
import { readFileSync } from 'node:fs'
import { fromHex } from '../fuzz/seeds.mjs'

const built = async (/** @type {string} */ file) => import(new URL(`../../dist/${file}`, import.meta.url).href)
/** @type {typeof import('../../src/pipeline/index.ts')} */
const { ClaimCache, Ingress } = await built('pipeline/index.js')
/** @type {typeof import('../../src/identity/index.ts')} */
const identity = await built('identity/index.js')
/** @type {typeof import('../../src/wire/frames.ts')} */
const { completeFrame, decodeFrame, encodeFrame } = await built('wire/frames.js')
/** @type {typeof import('../../src/wire/scanner.ts')} */
const { scan } = await built('wire/scanner.js')

const vectors = /** @type {{ meshId: string, frames: { name: string, bytes: string }[] }} */ (
  JSON.parse(readFileSync(new URL('../vectors/protocol.json', import.meta.url), 'utf8'))
)
const frame = (/** @type {string} */ name) => fromHex(vectors.frames.find((each) => each.name === name)?.bytes ?? '')
const meshId = /** @type {import('../../src/identity/peer-id.ts').MeshId} */ (fromHex(vectors.meshId))
const unlimited = { perSecond: 1e12, burst: 1e12 }
const link = /** @type {import('../../src/core/input.ts').LinkId} */ (1)
const now = /** @type {import('../../src/identity/millis.ts').Millis} */ (0)

function newIngress() {
  const ingress = new Ingress({
    self: identity.peerIdFromBytes(new Uint8Array(32)),
    meshId,
    verifier: { verify: (_key, _message, _signature, done) => done(true) },
    deliver: () => {},
    cache: new ClaimCache(meshId),
    budget: {
      ...{ frames: unlimited, bytes: unlimited, claims: unlimited, verifications: unlimited, unread: unlimited },
      ...{ useless: unlimited, news: unlimited, backlogFrames: 10, backlogBytes: 1e6 },
    },
  })
  ingress.setClock(1_800_000_000_000)
  ingress.openLink(link)
  return ingress
}

/** The best of five runs, in µs of processor time for each call. @param {string} name @param {number} times @param {() => void} run */
function cost(name, times, run) {
  let best = Infinity
  for (let round = 0; round < 5; round++) {
    const from = process.cpuUsage()
    for (let call = 0; call < times; call++) run()
    const { user, system } = process.cpuUsage(from)
    best = Math.min(best, (user + system) / times)
  }
  console.log(`${name.padEnd(44)} ${best.toFixed(2).padStart(8)} µs`)
}

const ingress = newIngress()
const [ping, news, gossip] = [frame('ping, quiet'), frame('spread'), frame('gossip')]
const direct = encodeFrame({ type: 'direct', seq: 1, topic: '', payload: new Uint8Array(16_384) })
const message = completeFrame(decodeFrame(ping), [])
cost('scan a quiet ping', 200_000, () => scan(ping, 'frame'))
cost('scan and decode a quiet ping', 200_000, () => decodeFrame(ping))
cost('encode a quiet ping', 200_000, () => encodeFrame(message))
cost('ingress: a quiet ping', 200_000, () => ingress.receive(link, ping, now))
cost('ingress: 16 KiB of application data', 20_000, () => ingress.receive(link, direct, now))
cost('ingress: 3 claims, all known', 50_000, () => ingress.receive(link, gossip, now))
cost('ingress: 1 new claim, but for its signature', 5_000, () => newIngress().receive(link, news, now))
cost('ingress: a frame that is refused', 100_000, () => ingress.receive(link, Uint8Array.of(0x82, 1, 0xc0), now))
const seed = new Uint8Array(32).fill(1)
const { scriptVerifier, seedSigner } = await identity.loadScriptEd25519()
const signed = new Uint8Array(200)
seedSigner(seed).sign(signed, (signature) => {
  if (signature instanceof Error) throw signature
  const key = identity.peerIdToBytes(seedSigner(seed).peerId)
  cost('verify 200 bytes by script', 200, () => scriptVerifier.verify(key, signed, signature, () => {}))
})
