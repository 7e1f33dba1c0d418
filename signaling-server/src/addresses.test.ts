import { describe, expect, test } from 'vitest'
import { clientAddress, ProxyList } from './addresses.ts'

const proxies = new ProxyList(['10.0.0.0/8', '192.0.2.7', 'fd00::/8'])

describe('a proxy is believed only when it is trusted', () => {
  test.each([
    ['no proxy, no header', '203.0.113.5', undefined, '203.0.113.5'],
    ['a stranger that brings a header', '203.0.113.5', '198.51.100.1', '203.0.113.5'],
    ['a proxy without a header', '10.1.2.3', undefined, '10.1.2.3'],
    ['a proxy with the client', '10.1.2.3', '198.51.100.1', '198.51.100.1'],
    ['a client that prepends a lie', '10.1.2.3', '1.2.3.4, 198.51.100.1', '198.51.100.1'],
    ['two proxies', '10.1.2.3', '1.2.3.4, 198.51.100.1, 192.0.2.7', '198.51.100.1'],
    ['nonsense in the header', '10.1.2.3', '198.51.100.1, nonsense', '10.1.2.3'],
    ['only proxies', '10.1.2.3', '10.9.9.9', '10.9.9.9'],
    ['IPv4 as Node writes it', '::ffff:10.1.2.3', '::ffff:198.51.100.1', '198.51.100.1'],
    ['IPv6', 'fd00::1', '2001:db8::5', '2001:db8::5'],
  ])('%s', (_what, remote, header, client) => {
    expect(clientAddress(remote, header, proxies)).toBe(client)
  })

  test.each(['10.0.0.0/33', '10.0.0/8', 'fd00::/129', 'proxy.example', '10.0.0.0/8/8', '10.0.0.0/-1', ''])(
    '%s is no block',
    (block) => {
      expect(() => new ProxyList([block])).toThrow('is not an address or a CIDR block')
    },
  )
})
