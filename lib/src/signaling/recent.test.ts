import { expect, test } from 'vitest'
import { Recent } from './recent.ts'

test('whoever said it first is remembered, for as many things as fit', () => {
  const recent = new Recent<string>(2)
  expect(recent.note('a', 'first')).toBe('first')
  expect(recent.note('a', 'second')).toBe('first')
  recent.note('b', 'first')
  recent.note('c', 'first')
  expect(recent.note('a', 'second')).toBe('second')
})

test('it holds no more than four million characters', () => {
  const recent = new Recent<number>(1_000_000)
  const long = 'x'.repeat(3_000_000)
  recent.note(`a${long}`, 1)
  recent.note(`b${long}`, 1)
  expect(recent.note(`a${long}`, 2)).toBe(2)
})
