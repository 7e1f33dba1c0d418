import { beforeEach, describe, expect, it } from 'vitest'
import type { Millis } from '../identity/millis.ts'
import type { PeerId } from '../identity/peer-id.ts'
import { Accusers } from './accusers.ts'
import { swimDefaults } from './config.ts'

const { vainSubjectsMax, vainWindowMs, discountMs } = swimDefaults
const at = (ms: number): Millis => ms as Millis
const liar = 'liar' as PeerId
const subject = (number: number): PeerId => `subject ${number}` as PeerId

describe('who accuses in vain', () => {
  let table: { presentCount: number }
  let accusers: Accusers

  beforeEach(() => {
    table = { presentCount: 50 }
    accusers = new Accusers(swimDefaults, table)
  })

  const accuse = (accuser: PeerId, subjects: number, ms: number): void => {
    for (let number = 0; number < subjects; number += 1) accusers.inVain(accuser, subject(number), at(ms))
  }

  it('counts in full with as many subjects as may be slow at once', () => {
    accuse(liar, vainSubjectsMax, 0)
    expect(accusers.discounted(liar, at(0))).toBe(false)
  })

  it('begins no doubt with one subject more, until the time is over', () => {
    accuse(liar, vainSubjectsMax + 1, 0)
    expect(accusers.discounted(liar, at(discountMs - 1))).toBe(true)
    expect(accusers.discounted(liar, at(discountMs))).toBe(false)
  })

  it('may be mistaken about one and the same subject as often as it likes', () => {
    for (let ms = 0; ms < vainWindowMs; ms += 1000) accuse(liar, 1, ms)
    expect(accusers.discounted(liar, at(vainWindowMs))).toBe(false)
  })

  it('is not held to what came to nothing too long ago', () => {
    accusers.inVain(liar, subject(0), at(0))
    for (let number = 1; number <= vainSubjectsMax; number += 1)
      accusers.inVain(liar, subject(number), at(vainWindowMs))
    expect(accusers.discounted(liar, at(vainWindowMs))).toBe(false)
  })

  it('is held to all that came to nothing just within the time', () => {
    accusers.inVain(liar, subject(0), at(0))
    for (let number = 1; number <= vainSubjectsMax; number += 1)
      accusers.inVain(liar, subject(number), at(vainWindowMs - 1))
    expect(accusers.discounted(liar, at(vainWindowMs))).toBe(true)
  })

  it('counts in full where more than half of all do the same: then it is the network', () => {
    for (let number = 0; number < 25; number += 1) accuse(`accuser ${number}` as PeerId, vainSubjectsMax + 1, 0)
    expect(accusers.discounted('accuser 0' as PeerId, at(1))).toBe(true)
    accuse(liar, vainSubjectsMax + 1, 1)
    expect(accusers.discounted('accuser 0' as PeerId, at(1))).toBe(false)
  })

  it('is no more counted among those who do the same once its time is over', () => {
    accuse(liar, vainSubjectsMax + 1, 0)
    accuse('accuser 0' as PeerId, vainSubjectsMax + 1, discountMs)
    table.presentCount = 2
    expect(accusers.discounted('accuser 0' as PeerId, at(discountMs))).toBe(true)
  })

  it('is one of none who are counted twice', () => {
    for (let round = 0; round < 20; round += 1) accuse(liar, vainSubjectsMax + 1, round)
    table.presentCount = 2
    expect(accusers.discounted(liar, at(20))).toBe(true)
  })

  it('has each of its subjects told once in 30 seconds of what others still listen to', () => {
    accuse(liar, vainSubjectsMax + 1, 0)
    expect(accusers.mayTell(liar, subject(0), at(0))).toBe(true)
    expect(accusers.mayTell(liar, subject(1), at(0))).toBe(true)
    expect(accusers.mayTell(liar, subject(0), at(vainWindowMs - 1))).toBe(false)
    expect(accusers.mayTell(liar, subject(0), at(vainWindowMs))).toBe(true)
  })
})
