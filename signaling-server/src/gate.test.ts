import { expect, test } from 'vitest'
import { Gate } from './gate.ts'

const options = {
  connectionsMax: 10,
  connectionsPerAddressMax: 3,
  connectionRate: { perSecond: 1, burst: 100 },
  joinRate: { perSecond: 1, burst: 2 },
}

test('an address has as many sockets as it may, and not one more, until one of them ends', () => {
  const gate = new Gate(options, 0)
  for (let i = 0; i < 3; i++) expect(gate.enter('a', 0)).toBeUndefined()
  expect(gate.enter('a', 0)).toBe('ERR_TOO_MANY_CONNECTIONS')
  expect(gate.enter('b', 0)).toBeUndefined()
  gate.leave('a')
  expect(gate.enter('a', 0)).toBeUndefined()
})

test('so has the server', () => {
  const gate = new Gate(options, 0)
  for (let i = 0; i < 10; i++) expect(gate.enter(`a${i}`, 0)).toBeUndefined()
  expect(gate.enter('new', 0)).toBe('ERR_TOO_MANY_CONNECTIONS')
  expect(gate.sockets).toBe(10)
  gate.leave('a0')
  expect(gate.enter('new', 0)).toBeUndefined()
})

test('new sockets come at a rate, whoever opens them', () => {
  const gate = new Gate({ ...options, connectionRate: { perSecond: 1, burst: 2 } }, 0)
  expect(gate.enter('a', 0)).toBeUndefined()
  expect(gate.enter('b', 0)).toBeUndefined()
  expect(gate.enter('c', 0)).toBe('ERR_TOO_MANY_CONNECTIONS')
  expect(gate.enter('c', 1_000)).toBeUndefined()
})

test('joins come at a rate for each address, across its sockets', () => {
  const gate = new Gate(options, 0)
  expect([gate.join('a', 0), gate.join('a', 0), gate.join('a', 0)]).toEqual([true, true, false])
  expect(gate.join('b', 0)).toBe(true)
  expect(gate.join('a', 1_000)).toBe(true)
})

test('who is gone and owes nothing is forgotten, and nobody else', () => {
  const gate = new Gate(options, 0)
  gate.enter('stays', 0)
  gate.enter('goes', 0)
  gate.join('goes', 0)
  gate.leave('goes')
  gate.sweep(500)
  expect(gate.addresses).toBe(2)
  gate.sweep(1_000)
  expect(gate.addresses).toBe(1)
})
