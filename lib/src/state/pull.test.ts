import { describe, expect, it } from 'vitest'
import { entry, meshId, recallEntry, writer } from '../../test/state/entries.ts'
import type { Millis } from '../identity/millis.ts'
import { answerEntries, answerTree } from './answers.ts'
import { stateDefaults } from './config.ts'
import type { Entries, EntriesWant, TreeHave, TreeWant } from './messages.ts'
import { Pull } from './pull.ts'
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
    expect(pull.onEntries([entry({ key: 'not asked for', seq: 500 })], true, now)).toBe(false)
    expect(pull.received).toBe(0)
    expect(pull.onEntries(wanted!.claims, wanted!.last, now)).toBe(wanted!.last)
    expect(pull.received).toBe(wanted!.claims.length)
  })

  it('takes nothing more for an answer: they have it no more', () => {
    const { pull, second, theirs } = begun()
    for (const message of answerTree(theirs, second)) pull.onTree(message as TreeHave, now)
    expect(pull.ask(now)?.type).toBe('entries-want')
    expect(pull.onEntries([], true, now)).toBe(true)
    expect(pull.ask(now)).toBeUndefined()
  })
})
