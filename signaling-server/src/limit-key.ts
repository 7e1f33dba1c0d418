/** What limits count addresses by, and as much of an address as logs may hold. Runs on Node and in a Worker. */

/** What limits count by: an IPv4 address, or the /64 that one IPv6 host has to itself. */
export function limitKey(address: string): string {
  return isV6(address) ? `${groups(address).slice(0, 4).join(':')}::/64` : address
}

/** What logs may hold: the /24 or /48 it is in. */
export function truncatedAddress(address: string): string {
  if (isV6(address)) return `${groups(address).slice(0, 3).join(':')}::/48`
  const parts = address.split('.')
  return parts.length === 4 ? `${parts.slice(0, 3).join('.')}.0/24` : 'unknown'
}

function isV6(address: string): boolean {
  return address.includes(':')
}

/** The eight groups of an IPv6 address, in lower case and without leading zeros. */
function groups(address: string): string[] {
  const [head = '', tail] = address.toLowerCase().replace(/%.*$/, '').split('::')
  const dotted = (part: string): string[] =>
    part.split(':').flatMap((group) => {
      if (!group.includes('.')) return group === '' ? [] : [group]
      const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number)
      return [((a << 8) | b).toString(16), ((c << 8) | d).toString(16)]
    })
  const left = dotted(head)
  const right = dotted(tail ?? '')
  const missing = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length)
  const middle = Array.from({ length: missing }, () => '0')
  return [...left, ...middle, ...right].map((group) => group.replace(/^0+(?=.)/, ''))
}
