import { describe, expect, it } from 'vitest'
import { writer } from '../../test/state/entries.ts'
import type { Millis } from '../identity/millis.ts'
import type { PeerId } from '../identity/peer-id.ts'
import { stateDefaults } from './config.ts'
import { entriesPerRound, Rounds } from './rounds.ts'

const at = (ms: number): Millis => ms as Millis
const ada = writer(1)

/** How many questions in a row may be asked at one moment. */
function asked(rounds: Rounds, ms: number, peer: PeerId = ada): number {
  let count = 0
  while (count < 5000 && rounds.ask(peer, at(ms))) count += 1
  return count
}

describe('the questions that one neighbour is asked', () => {
  it('are 1,024 at once that bring nothing, not one more, and 10 in each second; another’s are its own', () => {
    const rounds = new Rounds(stateDefaults)
    expect(asked(rounds, 0)).toBe(1024)
    expect(asked(rounds, 1000)).toBe(10)
    expect(asked(rounds, 1000, writer(2))).toBe(1024)
  })

  it('are as many as it likes while each brings enough', () => {
    const rounds = new Rounds(stateDefaults)
    expect(asked(rounds, 0)).toBe(1024)
    for (let round = 0; round < 2000; round++) {
      rounds.brought(ada, entriesPerRound, at(0))
      expect(rounds.ask(ada, at(0))).toBe(true)
    }
    rounds.brought(ada, entriesPerRound - 1, at(0))
    expect(rounds.ask(ada, at(0))).toBe(false)
  })

  it('are remembered of 256 neighbours', () => {
    const rounds = new Rounds(stateDefaults)
    expect(asked(rounds, 0)).toBe(1024)
    for (let i = 0; i < 255; i++) rounds.ask(`${i}` as PeerId, at(0))
    expect(rounds.ask(ada, at(0))).toBe(false)
    for (let i = 0; i < 256; i++) rounds.ask(`${i}` as PeerId, at(0))
    expect(rounds.ask(ada, at(0))).toBe(true)
  })
})
