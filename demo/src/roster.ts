/** Who is shown as here: the living, and those who have just gone. */
import { isHere } from './is-here.ts'
import type { Member, PeerId } from './mesh.ts'
import { nameOf } from './portrait.ts'
import { type Departed, fadeMs, lingerMs } from './session.ts'

export interface Present {
  readonly member: Member
  /** Gone, and about to be taken off. */
  readonly fading: boolean
}

/** Ourselves first, then by name; ids settle equal names, so that nobody jumps about. */
export function present(members: ReadonlyMap<PeerId, Member>, now: number): readonly Present[] {
  const collator = new Intl.Collator(undefined, { numeric: true })
  return [...members.values()]
    .filter((member) => isHere(member) || now - member.since < lingerMs)
    .sort((a, b) => Number(b.self) - Number(a.self) || collator.compare(nameOf(a), nameOf(b)) || (a.id < b.id ? -1 : 1))
    .map((member) => ({ member, fading: !isHere(member) && now - member.since > lingerMs - fadeMs }))
}

/** Those who went long enough ago to be out of the list, latest first. */
export function gone(departed: readonly Departed[], now: number): readonly Departed[] {
  return departed.filter(({ at }) => now - at >= lingerMs)
}
