/**
 * `npm run bench:summaries [-- --entries 100000,1000000]`: what it takes to learn which fingerprints a neighbour has
 * and we have not, by our Merkle tree, by ranges (`rbsr.mjs`) and by a rateless table (`riblt.mjs`). Bytes are those
 * of both ways. Times are of the processor at either side, in ms; `ready` is what both had to make beforehand, and
 * must keep up to date with each write. Entries themselves are fetched alike and left out.
 */
import { parseArgs } from 'node:util'
import { bytesOf, Party } from './rbsr.mjs'
import { decode, mix, symbolBytes, Symbols } from './riblt.mjs'

/** Dynamic, so that types are checked before there is anything built. @param {string} file */
const built = async (file) => import(new URL(`../../dist/${file}`, import.meta.url).href)
/** @type {typeof import('../../src/identity/peer-id.ts')} */
const { meshIdOf, peerIdFromBytes } = await built('identity/peer-id.js')
/** @type {typeof import('../../src/state/answers.ts')} */
const { answerTree } = await built('state/answers.js')
/** @type {typeof import('../../src/state/pull.ts')} */
const { Pull } = await built('state/pull.js')
/** @type {typeof import('../../src/state/tree.ts')} */
const { Tree } = await built('state/tree.js')
/** @type {typeof import('../../src/wire/frames.ts')} */
const { encodeFrame } = await built('wire/frames.js')

const { values } = parseArgs({ options: { entries: { type: 'string', default: '100000,1000000' } } })
const now = /** @type {import('../../src/identity/millis.ts').Millis} */ (0)
const peer = peerIdFromBytes(new Uint8Array(32).fill(9))

/** @typedef {{ readonly paths: Uint32Array, readonly hi: Uint32Array, readonly lo: Uint32Array, readonly length: number }} Entries */
/** @typedef {{ readonly missing: number, readonly bytes: number, readonly rounds: number }} Found */

/** Entries of keys 0 … count−1, of which the first `changed` are written anew. @param {number} count @returns {Entries} */
function entriesOf(count, changed = 0) {
  /** @param {number} seed */
  const column = (seed) => Uint32Array.from({ length: count }, (_, n) => mix(n, n < changed ? 1 : 0, seed))
  const paths = Uint32Array.from({ length: count }, (_, n) => mix(n, 7, 11))
  return { paths, hi: column(17), lo: column(23), length: count }
}

class Clock {
  behind = 0
  ahead = 0
  ready = 0
  /** @template T @param {'behind' | 'ahead' | 'ready'} side @param {() => T} work @returns {T} */
  at(side, work) {
    const before = process.cpuUsage()
    const result = work()
    const { user, system } = process.cpuUsage(before)
    this[side] += (user + system) / 1000
    return result
  }
}

/** @param {Entries} behind @param {Entries} ahead @param {Clock} clock @returns {Found} */
function byTree(behind, ahead, clock) {
  const [ours, theirs] = [behind, ahead].map(({ paths, hi, lo, length }) =>
    clock.at('ready', () => {
      const tree = new Tree(meshIdOf('bench'))
      for (let n = 0; n < length; n += 1) {
        tree.add({
          path: paths[n] ?? 0,
          fingerprint: [hi[n] ?? 0, lo[n] ?? 0],
          handle: n,
          group: 0,
          endsAtMinute: 1,
        })
      }
      tree.root()
      return tree
    }),
  )
  if (ours === undefined || theirs === undefined) throw new Error('no trees')
  const replica = /** @type {import('../../src/state/replica.ts').Replica} */ (
    /** @type {unknown} */ ({ tree: theirs })
  )
  const pull = new Pull(peer, ours, now)
  let [bytes, rounds, missing] = [0, 0, 0]
  for (;;) {
    const question = clock.at('behind', () => pull.ask(now))
    if (question === undefined) return { missing, bytes, rounds }
    if (question.type === 'entries-want') {
      missing += question.wants.reduce((sum, { fingerprints }) => sum + fingerprints.length / 8, 0)
      clock.at('behind', () => pull.onEntries({ claims: [], last: true }, now))
      continue
    }
    rounds += 1
    bytes += encodeFrame(question).length
    for (const answer of clock.at('ahead', () => answerTree(replica, question))) {
      bytes += encodeFrame(answer).length
      if (answer.type === 'tree-have') clock.at('behind', () => pull.onTree(answer, now))
    }
  }
}

/** @param {Entries} behind @param {Entries} ahead @param {Clock} clock @returns {Found} */
function byRanges(behind, ahead, clock) {
  const [ours, theirs] = [behind, ahead].map(({ hi, lo, length }) =>
    clock.at('ready', () => {
      const ids = BigUint64Array.from({ length }, (_, n) => (BigInt(hi[n] ?? 0) << 32n) | BigInt(lo[n] ?? 0))
      return new Party(ids.sort())
    }),
  )
  if (ours === undefined || theirs === undefined) throw new Error('no parties')
  let [bytes, rounds] = [0, 0]
  let said = clock.at('behind', () => ours.begin())
  while (said.length > 0) {
    const question = said
    const answer = clock.at('ahead', () => theirs.answer(question, false))
    bytes += bytesOf(question) + bytesOf(answer)
    rounds += 1
    said = clock.at('behind', () => ours.answer(answer, true))
  }
  return { missing: ours.missing, bytes, rounds }
}

/** @param {Entries} behind @param {Entries} ahead @param {Clock} clock @param {number} guess @returns {Found} */
function byTable(behind, ahead, clock, guess) {
  // As many symbols as are wanted are made: the first guess is good, so that none is made twice.
  const theirs = clock.at('ahead', () => Symbols.of(ahead, guess))
  const found = clock.at('behind', () => decode(Symbols.of(behind, guess), theirs))
  if (found === undefined) throw new Error(`${guess} symbols were too few`)
  return { missing: found.missing, bytes: found.symbols * symbolBytes, rounds: 1 }
}

/** @type {object[]} */
const rows = []
for (const count of values.entries.split(',').map(Number)) {
  const works = [
    { work: '1 differs', behind: entriesOf(count), ahead: entriesOf(count, 1), differing: 1, sides: 2 },
    { work: '100 differ', behind: entriesOf(count), ahead: entriesOf(count, 100), differing: 100, sides: 2 },
    {
      work: '1 % differs',
      behind: entriesOf(count),
      ahead: entriesOf(count, count / 100),
      differing: count / 100,
      sides: 2,
    },
    { work: '10000 fresh', behind: entriesOf(count), ahead: entriesOf(count + 10_000), differing: 10_000, sides: 1 },
  ]
  for (const { work, behind, ahead, differing, sides } of works) {
    for (const [summary, find] of /** @type {const} */ ([
      ['Merkle tree', byTree],
      ['ranges', byRanges],
      ['rateless table', byTable],
    ])) {
      const clock = new Clock()
      const { missing, bytes, rounds } = find(behind, ahead, clock, 60 + Math.ceil(1.6 * sides * differing))
      if (missing !== differing) throw new Error(`${summary}: ${missing} found of ${differing}`)
      const [before, asker, answerer] = [clock.ready, clock.behind, clock.ahead].map((each) => each.toFixed(1))
      rows.push({ entries: count, work, summary, bytes, rounds, asker, answerer, ready: before })
    }
  }
}
console.table(rows)
