/**
 * `npm run bench:state [-- --entries 1000000]`: what the tree costs to build, to keep and to compare. Signatures
 * are left out (they are the pipeline's, `npm run bench:pipeline`): entries are made as verified ones, from bytes
 * of the length that real ones have.
 *
 * Times are those of a processor, garbage collection included and kept on one thread (`--single-threaded-gc`), so
 * that what else runs on the machine is not measured. "Tree" is the tree alone, of paths hashed from maps and
 * keys; "replica" is what a peer keeps: the tree, the shelf, quotas, and which write stands.
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
/** @type {typeof import('../../src/state/tree.ts')} */
const { Tree } = await built('state/tree.js')
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

/** An entry as ingress hands it over. @param {number} n @param {number} [seq] @param {Uint8Array} [written] */
function entryOf(n, seq = n + 1, written = value) {
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
    value: written,
  })
  const bytes = new Uint8Array(1 + body.length + 64)
  bytes[0] = 7
  bytes.set(body, 1)
  return recallEntry(bytes)
}

const replicaOf = () => new Replica(config, meshId, recallEntry, () => {})
/** Of the processor, in seconds. @param {() => void} work */
function timeOf(work) {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1e6
}
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
      if (answer.type === 'tree-have') pull.onTree(answer, now)
      if (answer.type !== 'entries') continue
      for (const entry of answer.claims) {
        traffic.entryBytes += entry.bytes.length
        behind.apply(entry)
      }
      pull.onEntries(answer, now)
    }
  }
  if (!sameBytes(behind.tree.root(), ahead.tree.root())) throw new Error('they are not equal after all')
  return traffic
}

/** @param {Uint8Array} a @param {Uint8Array} b */
const sameBytes = (a, b) => a.every((byte, i) => byte === b[i])

/** @type {object[]} */
const rows = []
/** @param {string} what @param {number} measured @param {number | undefined} bar @param {string} unit @param {number} [digits] */
function add(what, measured, bar, unit, digits = 0) {
  const shown = `${measured.toFixed(digits)} ${unit}`.trim()
  const verdict = bar === undefined ? '' : measured <= bar ? 'met' : 'missed'
  rows.push({ what, bar: bar === undefined ? '' : `${bar} ${unit}`.trim(), measured: shown, verdict })
}

/** The tree alone: paths from maps and keys, fingerprints as even as digests are. */
function measureTree() {
  const fingerprints = crypto.getRandomValues(new Uint32Array(1 << 14))
  const tree = new Tree(meshId)
  /** @param {number} n */
  const itemOf = (n) => ({
    path: tree.pathOf('todos', `item-${n}`),
    fingerprint: /** @type {const} */ ([fingerprints[n & 0x3fff] ?? 0, n]),
    handle: n,
    group: 0,
    endsAtMinute: 1,
  })
  const built = timeOf(() => {
    for (let n = 0; n < count; n += 1) tree.add(itemOf(n))
    tree.root()
  })
  add(`tree: built from ${count} entries, root included`, built, 5, 's', 2)
  const writes = 20_000
  /** @param {boolean} withRoot */
  const rewrite = (withRoot) =>
    timeOf(() => {
      for (let i = 0; i < writes; i += 1) {
        const item = itemOf((i * 7919) % count)
        tree.add({ ...item, fingerprint: [item.fingerprint[0] ^ 1, item.fingerprint[1]] })
        tree.remove(item.path, item.fingerprint)
        if (withRoot) tree.root()
        tree.add(item)
        tree.remove(item.path, [item.fingerprint[0] ^ 1, item.fingerprint[1]])
        if (withRoot) tree.root()
      }
    })
  add('tree: one write', (rewrite(false) / writes / 2) * 1e6, 20, 'µs', 1)
  tree.root()
  add('tree: one write, root computed after each', (rewrite(true) / writes / 2) * 1e6, 20, 'µs', 1)
}

/** In parts, so that what the bench itself holds is not what is measured. */
function fillTwo() {
  const [one, other] = [replicaOf(), replicaOf()]
  let [spent, keyAndValue] = [0, 0]
  for (let from = 0; from < count; from += 10_000) {
    const part = Array.from({ length: Math.min(10_000, count - from) }, (_, i) => entryOf(from + i))
    globalThis.gc?.()
    spent += timeOf(() => {
      for (const entry of part) one.apply(entry)
    })
    for (const entry of part) other.apply(entry)
    keyAndValue += part.reduce((sum, { key, value: each }) => sum + key.length + each.length, 0)
  }
  spent += timeOf(() => void one.tree.root())
  return { one, other, spent, keyAndValue }
}

measureTree()

const before = heap()
const { one: replica, other, spent, keyAndValue } = fillTwo()
add(`replica: built from ${count} entries, root included`, spent, undefined, 's', 2)
add('replica: memory per entry beyond key and value', ((heap() - before) / 2 - keyAndValue) / count, 250, 'B')

const writes = 10_000
const fresh = Array.from({ length: writes }, (_, i) => entryOf((i * 7919) % count, count + i + 1))
const writing = timeOf(() => {
  for (const entry of fresh) {
    replica.apply(entry)
    replica.tree.root()
  }
})
add('replica: one write, root computed after each', (writing / writes) * 1e6, undefined, 'µs', 1)

for (const entry of fresh) other.apply(entry)
let [worstBytes, worstRounds] = [0, 0]
for (let i = 0; i < 20; i += 1) {
  other.apply(entryOf(Math.floor((i * count) / 20), count * 2 + i))
  const { bytes, rounds } = reconcile(replica, other)
  worstBytes = Math.max(worstBytes, bytes)
  worstRounds = Math.max(worstRounds, rounds)
}
add('one key differs: bytes, worst of 20 places', worstBytes, 16_384, 'B')
add('one key differs: round trips, worst of 20 places', worstRounds, 6, '')
const differing = Math.floor(count / 100)
for (const [round, size] of [value.length, 64, 256].entries()) {
  const written = round === 0 ? value : encodeValue(new Uint8Array(size))
  for (let i = 0; i < differing; i += 1) other.apply(entryOf(i * 100, count * (3 + round) + i, written))
  const { bytes, entryBytes, rounds } = reconcile(replica, other)
  const entries = `${(entryBytes / differing).toFixed(0)} B each, values of ${written.length}`
  add(`1 % differs: bytes per byte of differing entries (${entries})`, bytes / entryBytes, 2, '', 2)
  add('1 % differs: round trips', rounds, undefined, '')
}

console.table(rows)
