/**
 * `npm run bench:state [-- --entries 1000000]`: what the tree costs to build, to keep and to compare. Signatures
 * are left out (they are the pipeline's, `npm run bench:pipeline`): entries are made as verified ones, from bytes
 * of the length that real ones have.
 */
import { parseArgs } from 'node:util'

/** Dynamic, so that types are checked before there is anything built. @param {string} file */
const built = async (file) => import(new URL(`../../dist/${file}`, import.meta.url).href)
/** @type {typeof import('../../src/identity/peer-id.ts')} */
const { instanceIdFromBytes, meshIdOf, peerIdFromBytes } = await built('identity/peer-id.js')
/** @type {typeof import('../../src/pipeline/recall.ts')} */
const { recallEntry } = await built('pipeline/recall.js')
/** @type {typeof import('../../src/state/config.ts')} */
const { stateDefaults } = await built('state/config.js')
/** @type {typeof import('../../src/state/answers.ts')} */
const { answerEntries, answerTree } = await built('state/answers.js')
/** @type {typeof import('../../src/state/pull.ts')} */
const { Pull } = await built('state/pull.js')
/** @type {typeof import('../../src/state/replica.ts')} */
const { Replica } = await built('state/replica.js')
/** @type {typeof import('../../src/wire/claims.ts')} */
const { encodeBody } = await built('wire/claims.js')
/** @type {typeof import('../../src/wire/frames.ts')} */
const { encodeFrame } = await built('wire/frames.js')
/** @type {typeof import('../../src/wire/value.ts')} */
const { encodeValue } = await built('wire/value.js')

const { values } = parseArgs({ options: { entries: { type: 'string', default: '1000000' } } })
const count = Number(values.entries)
const config = {
  ...stateDefaults,
  writerEntriesMax: Infinity,
  writerBytesMax: Infinity,
  mapEntriesMax: Infinity,
  answersPerSecond: Infinity,
  answersBurst: Infinity,
}
const meshId = meshIdOf('bench')
const author = peerIdFromBytes(new Uint8Array(32).fill(7))
const instance = instanceIdFromBytes(new Uint8Array(16).fill(3))
const now = /** @type {import('../../src/identity/millis.ts').Millis} */ (0)
const peer = peerIdFromBytes(new Uint8Array(32).fill(9))
const wall = Date.now()
const value = encodeValue({ text: 'milk', done: false, at: 1_800_000_000 })

/** An entry as ingress hands it over. @param {number} n @param {number} [seq] */
function entryOf(n, seq = n + 1) {
  const body = encodeBody({
    type: 'entry',
    author,
    issuedAt: /** @type {import('../../src/identity/millis.ts').WallMillis} */ (wall + seq),
    ttlMs: 86_400_000,
    instance,
    seq,
    map: 'todos',
    key: `item-${n}`,
    counter: 0,
    deleted: false,
    context: undefined,
    value,
  })
  const bytes = new Uint8Array(1 + body.length + 64)
  bytes[0] = 7
  bytes.set(body, 1)
  return recallEntry(bytes)
}

const replicaOf = () => new Replica(config, meshId, recallEntry, () => {})
/** @param {number} since */
const seconds = (since) => (performance.now() - since) / 1000
const heap = () => {
  globalThis.gc?.()
  globalThis.gc?.()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/**
 * What crosses the link when `behind` pulls from `ahead`, as bytes of frames.
 *
 * @param {import('../../src/state/replica.ts').Replica} behind @param {import('../../src/state/replica.ts').Replica} ahead
 */
function reconcile(behind, ahead) {
  const traffic = { bytes: 0, entryBytes: 0, rounds: 0 }
  const pull = new Pull(peer, behind.tree, now)
  for (let question = pull.ask(now); question; question = pull.ask(now)) {
    traffic.bytes += encodeFrame(question).length
    traffic.rounds += 1
    const answers = question.type === 'tree-want' ? answerTree(ahead, question) : answerEntries(ahead, question)
    for (const answer of answers) {
      traffic.bytes += encodeFrame(answer).length
      if (answer.type === 'tree-have') pull.onTree(answer)
      if (answer.type !== 'entries') continue
      for (const entry of answer.claims) {
        traffic.entryBytes += entry.bytes.length
        behind.apply(entry)
      }
      pull.onEntries(answer.claims, answer.last)
    }
  }
  if (!sameBytes(behind.tree.root(), ahead.tree.root())) throw new Error('they are not equal after all')
  return traffic
}

/** @param {Uint8Array} a @param {Uint8Array} b */
const sameBytes = (a, b) => a.every((byte, i) => byte === b[i])

/** @type {object[]} */
const rows = []
/** @param {string} what @param {string | number} measured @param {string} bar */
const add = (what, measured, bar) => rows.push({ what, measured, bar })

/** In parts, so that what the bench itself holds is not what is measured. @param {import('../../src/state/replica.ts').Replica} replica */
function fill(replica) {
  let [spent, keyAndValue] = [0, 0]
  for (let from = 0; from < count; from += 10_000) {
    const part = Array.from({ length: Math.min(10_000, count - from) }, (_, i) => entryOf(from + i))
    const began = performance.now()
    for (const entry of part) replica.apply(entry)
    spent += seconds(began)
    keyAndValue += part.reduce((sum, { key, value: each }) => sum + key.length + each.length, 0)
  }
  const began = performance.now()
  replica.tree.root()
  return { seconds: spent + seconds(began), keyAndValue }
}

const before = heap()
const replica = replicaOf()
const filled = fill(replica)
add(`build from ${count} entries, root included`, `${filled.seconds.toFixed(2)} s`, '5 s')
add(
  'memory per entry beyond key and value',
  `${((heap() - before - filled.keyAndValue) / count).toFixed(0)} B`,
  '250 B',
)

const writes = 10_000
const fresh = Array.from({ length: writes }, (_, i) => entryOf((i * 7919) % count, count + i + 1))
const writing = performance.now()
for (const entry of fresh) {
  replica.apply(entry)
  replica.tree.root()
}
add('one write, root computed after each', `${((seconds(writing) / writes) * 1e6).toFixed(1)} µs`, '20 µs')

const other = replicaOf()
fill(other)
for (const entry of fresh) other.apply(entry)
let [worstBytes, worstRounds] = [0, 0]
for (let i = 0; i < 20; i += 1) {
  other.apply(entryOf(Math.floor((i * count) / 20), count * 2 + i))
  const { bytes, rounds } = reconcile(replica, other)
  worstBytes = Math.max(worstBytes, bytes)
  worstRounds = Math.max(worstRounds, rounds)
}
add('one key differs: bytes, worst of 20 places', `${worstBytes} B`, '16384 B')
add('one key differs: round trips, worst of 20 places', worstRounds, '6')
const differing = Math.floor(count / 100)
for (let i = 0; i < differing; i += 1) other.apply(entryOf(i * 100, count * 3 + i))
const hundredth = reconcile(replica, other)
add('1 % differs: bytes per byte of differing entries', (hundredth.bytes / hundredth.entryBytes).toFixed(2), '2')

console.table(rows)
