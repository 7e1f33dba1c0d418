import { expect, test } from 'vitest'
import { shortId, Summary } from './log.ts'
import { Tally } from './tally.ts'

test('a summary has what is new, and nothing when nothing is', () => {
  const closed = new Tally()
  const summary = new Summary({ closed })
  expect(summary.take()).toBeUndefined()
  closed.add('ERR_RATE', 3)
  closed.add('ERR_SILENT')
  expect(summary.take()).toEqual({ 'closed.ERR_RATE': 3, 'closed.ERR_SILENT': 1 })
  expect(summary.take()).toBeUndefined()
  closed.add('ERR_RATE')
  expect(summary.take()).toEqual({ 'closed.ERR_RATE': 1 })
})

test('an id is shown in part', () => {
  expect(shortId('A'.repeat(43))).toBe('AAAAAAAA')
})
