import { describe, expect, it } from 'vitest'
import { entry, meshId, recallEntry, writer } from '../../test/state/entries.ts'
import type { Millis } from '../identity/millis.ts'
import { answerEntries, answerTree } from './answers.ts'
import { stateDefaults } from './config.ts'
import type { Entries, EntriesWant, TreeHave, TreeWant } from './messages.ts'
import { Pull, restMs } from './pull.ts'
import { Replica } from './replica.ts'

const replicaOf = (...keys: readonly string[]): Replica => {
  const replica = new Replica(stateDefaults, meshId, recallEntry, () => {})
  keys.forEach((key, n) => replica.apply(entry({ key, seq: n + 1 })))
  return replica
}
const now = 0 as Millis
const many = Array.from({ length: 100 }, (_, n) => `key ${n}`)

/** A pull of everything, with its first answer, a level of hashes, and the question that follows from it. */
function begun() {
  const theirs = replicaOf(...many)
  const pull = new Pull(writer(1), replicaOf().tree, now)
  const first = answerTree(theirs, pull.ask(now) as TreeWant)[0] as TreeHave
  expect(pull.onTree(first, now)).toBe(true)
  return { pull, first, second: pull.ask(now) as TreeWant, theirs }
}

describe('a pull', () => {
  it('is not led astray by a second answer to a question that it has asked again', () => {
    const { pull, first, second, theirs } = begun()
    expect(pull.onTree(first, now)).toBe(false)
    expect(pull.again(now)).toEqual(second)
    for (const message of answerTree(theirs, second)) pull.onTree(message as TreeHave, now)
    const question = pull.ask(now) as EntriesWant
    const [wanted] = answerEntries(theirs, question) as Entries[]
    expect(pull.onEntries({ claims: [entry({ key: 'not asked for', seq: 500 })], last: true }, now)).toBe(false)
    expect(pull.received).toBe(0)
    expect(pull.onEntries(wanted!, now)).toBe(wanted!.last)
    expect(pull.received).toBe(wanted!.claims.length)
  })

  it('finds by a sum the one entry that differs in a place, and by a list where that is not all', () => {
    const [ours, theirs] = [replicaOf(...many), replicaOf(...many)]
    const placeOf = (key: string) => theirs.tree.pathOf('todos', key) >>> 28
    const crowded = placeOf(many[0]!)
    const other = many.find((key) => placeOf(key) !== crowded)!
    const changed = [...many.filter((key) => placeOf(key) === crowded).slice(0, 2), other]
    changed.forEach((key, n) => theirs.apply(entry({ key, seq: 200 + n, wall: 2_000_000 })))
    const pull = new Pull(writer(1), ours.tree, now)
    const asked: string[] = []
    for (let question = pull.ask(now); question !== undefined; question = pull.ask(now)) {
      if (question.type === 'tree-want') asked.push(`${question.paths.length} listed, ${question.sums.length} summed`)
      else asked.push(`${question.wants.length} wanted`)
      const answers = question.type === 'tree-want' ? answerTree(theirs, question) : answerEntries(theirs, question)
      for (const answer of answers) {
        if (answer.type === 'tree-have') pull.onTree(answer, now)
        if (answer.type !== 'entries') continue
        for (const claim of answer.claims) ours.apply(claim)
        pull.onEntries(answer, now)
      }
    }
    expect(asked).toEqual(['1 listed, 0 summed', '0 listed, 2 summed', '1 listed, 0 summed', '2 wanted'])
    expect(ours.tree.root()).toEqual(theirs.tree.root())
  })

  it('asks for a list at once where most of the places differ, or where it has next to nothing', () => {
    const old = replicaOf(...many)
    const placeOf = (key: string) => old.tree.pathOf('todos', key) >>> 28
    const bare = replicaOf()
    for (const [n, key] of many.entries()) if (placeOf(key) !== 4) bare.apply(entry({ key, seq: n + 1 }))
    const written = replicaOf()
    many.forEach((key, n) => written.apply(entry({ key, seq: 200 + n, wall: 2_000_000 })))
    for (const [ours, theirs, places] of [
      [old, written, 16],
      [bare, old, 1],
    ] as const) {
      const pull = new Pull(writer(1), ours.tree, now)
      for (const answer of answerTree(theirs, pull.ask(now) as TreeWant)) pull.onTree(answer as TreeHave, now)
      expect(pull.ask(now)).toMatchObject({ type: 'tree-want', paths: { length: places }, sums: [] })
    }
  })

  it('asks once more for what an answer had no room for', () => {
    const { pull, second, theirs } = begun()
    const [whole] = answerTree(theirs, second) as TreeHave[]
    expect(pull.onTree({ ...whole!, nodes: whole!.nodes.slice(0, 5) }, now)).toBe(true)
    const third = pull.ask(now) as TreeWant
    expect(third.paths).toEqual(second.paths.slice(5))
    expect(pull.onTree({ ...whole!, last: false }, now)).toBe(false)
    expect(pull.onTree({ ...whole!, nodes: whole!.nodes.slice(-1) }, now)).toBe(true)
    expect((pull.ask(now) as EntriesWant).wants.flatMap(({ fingerprints }) => [...fingerprints])).toHaveLength(800)
  })

  it('asks for a list where a sum lies, and takes no sum for a list', () => {
    const [ours, theirs] = [replicaOf(...many), replicaOf(...many)]
    theirs.apply(entry({ key: many[0]!, seq: 200, wall: 2_000_000 }))
    const pull = new Pull(writer(1), ours.tree, now)
    for (const answer of answerTree(theirs, pull.ask(now) as TreeWant)) pull.onTree(answer as TreeHave, now)
    const [place] = (pull.ask(now) as TreeWant).sums
    const lie: TreeHave = {
      type: 'tree-have',
      nodes: [{ ...place!, kind: 'sum', bytes: new Uint8Array(12).fill(7) }],
      last: true,
    }
    expect(pull.onTree(lie, now)).toBe(true)
    const question = pull.ask(now) as TreeWant
    expect(question).toEqual({ type: 'tree-want', paths: [place], sums: [] })
    expect(pull.onTree(lie, now)).toBe(false)
    for (const answer of answerTree(theirs, question)) pull.onTree(answer as TreeHave, now)
    expect((pull.ask(now) as EntriesWant).wants).toHaveLength(1)
  })

  it('asks for what could not be checked again after half a second, though nothing came, and not at once', () => {
    const { pull, second, theirs } = begun()
    for (const message of answerTree(theirs, second)) pull.onTree(message as TreeHave, now)
    const question = pull.ask(now) as EntriesWant
    const [wanted] = answerEntries(theirs, question) as Entries[]
    const [first, ...left] = wanted!.claims
    expect(pull.onEntries({ claims: [], last: true, cut: true }, now)).toBe(true)
    expect(pull.restAt).toBe(now + restMs)
    expect(pull.ask(now)).toEqual(question)
    expect(pull.restAt).toBeUndefined()
    expect(pull.onEntries({ claims: [first!], last: false, cut: true }, now)).toBe(false)
    expect(pull.onEntries({ claims: [], last: true }, now)).toBe(true)
    expect(pull.restAt).toBe(now + restMs)
    pull.ask(now)
    pull.onEntries({ claims: left, last: true }, now)
    expect([pull.restAt, pull.ask(now)]).toEqual([undefined, undefined])
  })

  it('takes nothing more for an answer: they have it no more', () => {
    const { pull, second, theirs } = begun()
    for (const message of answerTree(theirs, second)) pull.onTree(message as TreeHave, now)
    expect(pull.ask(now)?.type).toBe('entries-want')
    expect(pull.onEntries({ claims: [], last: true }, now)).toBe(true)
    expect(pull.ask(now)).toBeUndefined()
  })
})
