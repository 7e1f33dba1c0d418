/** Who is at the other end of a socket, for limits and logs: never more of an address than is needed. */
import { BlockList, isIP, isIPv6 } from 'node:net'

/** The addresses whose `X-Forwarded-For` is believed. */
export class ProxyList {
  readonly #list = new BlockList()

  /** CIDR blocks or single addresses. Throws an `Error` that says what is allowed. */
  constructor(blocks: readonly string[]) {
    for (const block of blocks) {
      const [address = '', bits, ...rest] = block.split('/')
      const family = isIP(address)
      const width = family === 6 ? 128 : 32
      const prefix = bits === undefined ? width : Number(bits)
      const fits = /^\d{1,3}$/.test(bits ?? '0') && prefix <= width
      if (family === 0 || rest.length > 0 || !fits) {
        throw new Error(`${JSON.stringify(block)} is not an address or a CIDR block such as 10.0.0.0/8 or fd00::/8`)
      }
      this.#list.addSubnet(address, prefix, family === 6 ? 'ipv6' : 'ipv4')
    }
  }

  has(address: string): boolean {
    return isIP(address) !== 0 && this.#list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
  }
}

/**
 * The client's own address: the socket's, unless that is a trusted proxy. Then the header is read from
 * the right, over every trusted hop, to the first address that no trusted proxy vouches for: what is
 * further left was written by strangers.
 */
export function clientAddress(remote: string, forwardedFor: string | undefined, proxies: ProxyList): string {
  let address = unmapped(remote)
  const hops = (forwardedFor ?? '').split(',').map((hop) => unmapped(hop.trim()))
  while (proxies.has(address)) {
    const hop = hops.pop()
    if (hop === undefined || isIP(hop) === 0) return address
    address = hop
  }
  return address
}

/** ::ffff:192.0.2.1 is 192.0.2.1: the same host must not count twice. */
function unmapped(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)
  return mapped?.[1] ?? address.replace(/%.*$/, '')
}
