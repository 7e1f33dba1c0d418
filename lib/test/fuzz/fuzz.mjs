/**
 * Feeds hostile input to every parser, and measures what comes of it. Runs in Node and in pages alike.
 *
 * @typedef {import('./parsers.mjs').Product} Product
 * @typedef {import('./parsers.mjs').Seeds} Seeds
 *
 * @typedef {object} Figures Of one parser.
 * @property {string} name
 * @property {number} fed
 * @property {number} taken
 * @property {Record<string, number>} codes why not
 * @property {string[]} crashes anything thrown, with what was fed by number
 * @property {number} slowestMs the longest that one input held the thread, preemption and garbage collection included
 * @property {number} slowestAgainMs the slowest inputs fed again, the best of 20 times for each
 */
import { parsers } from './parsers.mjs'

/** What held the thread this long is a hang. */
export const hangMs = 100

/** The share of each parser in a hundred inputs: most go where most bytes come from. @type {Readonly<Record<string, number>>} */
const shares = {
  'frames, claims, state': 50,
  handshake: 8,
  capability: 8,
  'signals of transports': 8,
  'descriptions, candidates': 6,
  'words at the door': 4,
  'signaling, server': 8,
  'signaling, client': 8,
}

/**
 * Goes on where it stopped, so that a page can be fed in pieces.
 *
 * @param {Product} product @param {Seeds} seeds @param {number} seed
 */
export function fuzzer(product, seeds, seed) {
  const tested = parsers(product, seeds, seed).map((parser) => ({
    parser,
    /** @type {{ ms: number, feed: () => string }[]} */
    slow: [],
    /** @type {Figures} */
    figures: { name: parser.name, fed: 0, taken: 0, codes: {}, crashes: [], slowestMs: 0, slowestAgainMs: 0 },
  }))
  const turns = tested.flatMap((one) => Array.from({ length: shares[one.parser.name] ?? 0 }, () => one))
  let turn = 0
  return {
    /** @param {number} count */
    feed(count) {
      for (let fed = 0; fed < count; fed++) {
        // 37 and 100 have no common factor: all take turns, and each has its share.
        const one = /** @type {(typeof turns)[number]} */ (turns[(turn++ * 37) % turns.length])
        const { figures, slow } = one
        const feed = one.parser.next()
        figures.fed++
        const from = performance.now()
        try {
          const verdict = feed()
          if (verdict === 'taken') figures.taken++
          else figures.codes[verdict] = (figures.codes[verdict] ?? 0) + 1
        } catch (reason) {
          figures.crashes.push(`input ${figures.fed}: ${String(reason)}`)
        }
        const ms = performance.now() - from
        if (slow.length < 8 || ms > /** @type {{ ms: number }} */ (slow.at(-1)).ms) {
          slow.push({ ms, feed })
          slow.sort((left, right) => right.ms - left.ms)
          if (slow.length > 8) slow.pop()
        }
      }
    },
    /** Lets go of what it kept to be fed again. @returns {readonly Figures[]} */
    figures() {
      for (const { figures, slow } of tested) {
        figures.slowestMs = Math.max(figures.slowestMs, slow[0]?.ms ?? 0)
        for (const { feed } of slow) figures.slowestAgainMs = Math.max(figures.slowestAgainMs, bestOf(20, feed))
        slow.length = 0
      }
      return tested.map(({ figures }) => figures)
    },
  }
}

/** @param {number} times @param {() => string} feed */
function bestOf(times, feed) {
  let best = Infinity
  for (let again = 0; again < times; again++) {
    const from = performance.now()
    try {
      feed()
    } catch {
      // Counted when it was fed first.
    }
    best = Math.min(best, performance.now() - from)
  }
  return best
}

/** What was refused for what, the most frequent first. @param {readonly Figures[]} figures */
export function refusals(figures) {
  /** @type {Map<string, number>} */
  const sums = new Map()
  for (const { codes } of figures)
    for (const [code, count] of Object.entries(codes)) sums.set(code, (sums.get(code) ?? 0) + count)
  return [...sums].sort(([, left], [, right]) => right - left)
}

/** A table of text, and whether nothing crashed and nothing hung. @param {readonly Figures[]} figures */
export function report(figures) {
  const number = new Intl.NumberFormat('en')
  const rows = [['parser', 'fed', 'taken', 'refused', 'crashes', 'slowest', 'again']]
  let good = true
  for (const { name, fed, taken, crashes, slowestMs, slowestAgainMs } of figures) {
    const counts = [fed, taken, fed - taken - crashes.length, crashes.length].map((count) => number.format(count))
    rows.push([name, ...counts, `${slowestMs.toFixed(2)} ms`, `${slowestAgainMs.toFixed(2)} ms`])
    good &&= crashes.length === 0 && slowestAgainMs < hangMs
  }
  const text = rows.map(([name = '', ...cells]) => name.padEnd(25) + cells.map((cell) => cell.padStart(12)).join(''))
  for (const { name, crashes } of figures) for (const crash of crashes.slice(0, 5)) text.push(`${name}, ${crash}`)
  return { text: text.join('\n'), good }
}
