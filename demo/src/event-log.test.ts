import { expect, test } from 'vitest'
import { entriesMax, EventLog } from './event-log.ts'

test('the log keeps the latest entries and no more', () => {
  const log = new EventLog()
  for (let i = 0; i <= entriesMax; i++) log.add(i, 'members', 'good', `${i} joined`)
  expect(log.entries.value).toHaveLength(entriesMax)
  expect(log.entries.value[0]?.text).toBe('1 joined')
  expect(log.entries.value.at(-1)?.text).toBe(`${entriesMax} joined`)
})

test('the same thing again raises a count and takes no line', () => {
  const log = new EventLog()
  log.add(1, 'messages', 'voice', 'Ada', 'before')
  for (let i = 0; i < 1000; i++) log.add(i, 'refusals', 'bad', 'Refused a claim')
  expect(log.entries.value.map(({ text, count }) => [text, count])).toEqual([
    ['Ada', 1],
    ['Refused a claim', 1000],
  ])
})

test('what comes as many counts as many, on a line of its own or not', () => {
  const log = new EventLog()
  log.add(1, 'refusals', 'bad', 'Refused a claim', undefined, 7)
  log.add(2, 'refusals', 'bad', 'Refused a claim', undefined, 9)
  expect(log.entries.value.map(({ count }) => count)).toEqual([16])
})

test('what is added until it is time to show it is shown at once', () => {
  let show: (() => void) | undefined
  let asked = 0
  const log = new EventLog((then) => {
    asked += 1
    show = then
  })
  for (let i = 0; i < 3; i++) log.add(i, 'members', 'good', `${i} joined`)
  expect(log.entries.value).toEqual([])
  show?.()
  expect(log.entries.value).toHaveLength(3)
  log.add(3, 'members', 'good', '3 joined')
  show?.()
  expect(log.entries.value).toHaveLength(4)
  expect(asked).toBe(2)
})

test('the same words said by two are two entries', () => {
  const log = new EventLog()
  log.add(1, 'messages', 'voice', 'Ada', 'hello')
  log.add(2, 'messages', 'voice', 'Bob', 'hello')
  log.add(3, 'messages', 'voice', 'Bob', 'hello?')
  expect(log.entries.value).toHaveLength(3)
})
