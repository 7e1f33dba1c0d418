/**
 * The page's address is its configuration: `?room=…&name=…&zone=…&signaling=…`. A link to the page
 * is an invitation, so what belongs to one person (the name) is left out of the links handed on.
 */

export interface Address {
  readonly room: string
  /** As the visitor chose it; undefined when a name is to be invented. */
  readonly name: string | undefined
  readonly zone: string | undefined
  readonly signaling: string
}

const roomDefault = 'lobby'
/** Room for the name beside whatever else an application keeps in its 512 bytes of metadata. */
const nameCharsMax = 40

export function readAddress(href: string): Address {
  const { searchParams } = new URL(href)
  return {
    room: searchParams.get('room')?.trim() || roomDefault,
    name: cleanName(searchParams.get('name')),
    zone: searchParams.get('zone')?.trim() || undefined,
    signaling: searchParams.get('signaling')?.trim() || signalingBeside(href),
  }
}

/** The host that served the page is also asked to introduce us. */
function signalingBeside(href: string): string {
  const url = new URL('.', href)
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  url.search = ''
  url.hash = ''
  return url.href
}

/** The same page with some parameters set, or removed where the value is undefined. */
export function linkWith(href: string, changes: Readonly<Record<string, string | undefined>>): string {
  const url = new URL(href)
  for (const [key, value] of Object.entries(changes)) {
    if (value === undefined) url.searchParams.delete(key)
    else url.searchParams.set(key, value)
  }
  return url.href
}

/** A name fit to be shown: one line, of bounded length, without characters that reorder the text around it. */
export function cleanName(raw: unknown): string | undefined {
  if (typeof raw !== 'string') return undefined
  const line = raw
    .normalize('NFC')
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ')
    .replace(/\s+/g, ' ')
    .trim()
  // By code point: half a surrogate pair is no character.
  return Array.from(line).slice(0, nameCharsMax).join('') || undefined
}
