/** How a peer is told from another at a glance: a name, a short form of its id, and a hue drawn from it. */
import type { Member, PeerId } from './mesh.ts'
import { cleanName } from './address.ts'

/** Enough to tell thirty peers apart by eye; the whole id is in the title. */
export function shortId(id: PeerId): string {
  return id.slice(0, 6)
}

/** What another member says of itself is believed for display only, and only once cleaned. */
export function nameOf(member: Pick<Member, 'id' | 'metadata'>): string {
  return cleanName(member.metadata.name) ?? shortId(member.id)
}

/** A hue in degrees, the same in every tab. FNV-1a, since neighbours in the alphabet should not share a colour. */
export function hueOf(id: PeerId): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193)
  return (hash >>> 0) % 360
}

/** `4 s`, `12 min`, `3 h`, `2 d`. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`
  return `${Math.floor(seconds / 86_400)} d`
}
