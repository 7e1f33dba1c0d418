import { expect, test } from 'vitest'
import { limitKey, truncatedAddress } from './limit-key.ts'

test('one IPv6 host counts once, whichever of its addresses it uses', () => {
  expect(limitKey('2001:db8:1:2::1')).toBe('2001:db8:1:2::/64')
  expect(limitKey('2001:0DB8:1:2:aaaa:bbbb:cccc:dddd')).toBe('2001:db8:1:2::/64')
  expect(limitKey('2001:db8:1:3::1')).toBe('2001:db8:1:3::/64')
  expect(limitKey('::1')).toBe('0:0:0:0::/64')
  expect(limitKey('203.0.113.5')).toBe('203.0.113.5')
})

test('a log holds no whole address', () => {
  expect(truncatedAddress('203.0.113.5')).toBe('203.0.113.0/24')
  expect(truncatedAddress('2001:db8:1:2::1')).toBe('2001:db8:1::/48')
  expect(truncatedAddress('')).toBe('unknown')
})
