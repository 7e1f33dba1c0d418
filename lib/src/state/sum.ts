/**
 * The sum of a place: the XOR of its entries' fingerprints, and that of their marks. Where one entry differs between
 * two replicas, on one side or on both, their sums tell which, in 12 bytes and whatever else lies there. A sum is a
 * hint and no proof, since whoever chooses entries chooses sums: what is read from it has to give the hash of the
 * place as well, and where it does not the place is listed.
 *
 * One cell of an invertible Bloom lookup table (Goodrich and Mitzenmacher, 2011).
 */
import { type Fingerprint, writeWord } from './leaf.ts'
import { wordAt } from './tree.ts'

export const sumBytes = 12

export function sumOf(fingerprints: readonly Fingerprint[]): Uint8Array {
  let [first, second, marks] = [0, 0, 0]
  for (const fingerprint of fingerprints) {
    first ^= fingerprint[0]
    second ^= fingerprint[1]
    marks ^= markOf(fingerprint[0], fingerprint[1])
  }
  const bytes = new Uint8Array(sumBytes)
  writeWord(bytes, 0, first)
  writeWord(bytes, 4, second)
  writeWord(bytes, 8, marks)
  return bytes
}

/**
 * What they have and we have not: one fingerprint or none; undefined where a sum does not tell. `isTheirs` says
 * whether a list has the hash of what they have.
 */
export function lackingBySum(
  own: readonly Fingerprint[],
  sum: Uint8Array,
  isTheirs: (fingerprints: readonly Fingerprint[]) => boolean,
): readonly Fingerprint[] | undefined {
  if (isTheirs(own)) return []
  const ours = sumOf(own)
  const difference = (at: number): number => (wordAt(sum, at) ^ wordAt(ours, at)) >>> 0
  const [first, second, marks] = [difference(0), difference(4), difference(8)]
  // One entry more here, or there.
  if (markOf(first, second) === marks) {
    const rest = own.filter((each) => each[0] !== first || each[1] !== second)
    if (rest.length < own.length) return isTheirs(rest) ? [] : undefined
    if (isTheirs([...own, [first, second]])) return [[first, second]]
  }
  // One for another.
  for (const gone of own) {
    const came: Fingerprint = [(first ^ gone[0]) >>> 0, (second ^ gone[1]) >>> 0]
    if (markOf(came[0], came[1]) !== (marks ^ markOf(gone[0], gone[1])) >>> 0) continue
    if (isTheirs([...own.filter((each) => each !== gone), came])) return [came]
  }
  return undefined
}

/** A fingerprint's bits mixed into 32, so that marks do not add up where fingerprints do: the end of MurmurHash3. */
export function markOf(first: number, second: number): number {
  let mark = first ^ Math.imul(second, 0x9e37_79b1)
  mark = Math.imul(mark ^ (mark >>> 16), 0x85eb_ca6b)
  mark = Math.imul(mark ^ (mark >>> 13), 0xc2b2_ae35)
  return (mark ^ (mark >>> 16)) >>> 0
}
