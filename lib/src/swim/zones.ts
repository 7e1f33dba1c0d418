/**
 * Zones: when all of a zone falls silent together, the network between is the likelier cause, and one
 * report says more than many. A failure in a zone of which another member is in doubt too is held back
 * for the detection window, and every further one opens the window anew: verdicts on the members of one
 * zone come one by one. In the end it is either part of the zone's silence, or reported as what it is.
 */
import type { Millis } from '../identity/millis.ts'
import { earliest, type SwimContext } from './context.ts'
import { present, type MemberRecord } from './member.ts'

interface Outage {
  readonly held: MemberRecord[]
  readonly until: Millis
  /** However the verdicts trickle in, nobody waits longer for a report than until then. */
  readonly latest: Millis
}

/** How often the window may open anew. A guess: three times the slowest verdict in `npm run sim -- crash`. */
const windowsMax = 5

export class Zones {
  readonly #context: SwimContext
  readonly #held = new Map<string, Outage>()
  readonly #unreachable = new Map<string, MemberRecord[]>()

  constructor(context: SwimContext) {
    this.#context = context
  }

  deadline(): Millis | undefined {
    let next: Millis | undefined
    for (const outage of this.#held.values()) next = earliest(next, outage.until)
    return next
  }

  failed(record: MemberRecord, now: Millis): void {
    const { zone } = record.alive
    const { port, config } = this.#context
    const away = zone === '' ? undefined : this.#unreachable.get(zone)
    if (away !== undefined) {
      away.push(record)
      return
    }
    const others = zone === '' ? [] : this.#membersOf(zone).filter((each) => each !== record)
    const outage = this.#held.get(zone)
    if (outage === undefined && !others.some((each) => each.status === 'suspect')) {
      port.notify({ type: 'member-failed', record })
      return
    }
    const held = outage?.held ?? []
    held.push(record)
    if (others.some((each) => present(each.status))) {
      const latest = outage?.latest ?? ((now + windowsMax * config.zoneWindowMs) as Millis)
      this.#held.set(zone, { held, until: Math.min(now + config.zoneWindowMs, latest) as Millis, latest })
      return
    }
    this.#held.delete(zone)
    this.#unreachable.set(zone, held)
    port.notify({ type: 'zone-unreachable', zone, members: held.map((each) => each.id) })
  }

  /** Answers whether its failure had been reported as such. */
  returned(record: MemberRecord, now: Millis): boolean {
    const { zone } = record.alive
    const { port } = this.#context
    const held = this.#held.get(zone)
    if (held !== undefined) {
      const at = held.held.indexOf(record)
      if (at >= 0) {
        held.held.splice(at, 1)
        return false
      }
    }
    const away = this.#unreachable.get(zone)
    if (away === undefined || !away.includes(record)) return true
    this.#unreachable.delete(zone)
    port.notify({ type: 'zone-recovered', zone, members: away.map((each) => each.id) })
    // Those who stay away are failures of their own now.
    for (const each of away)
      if (each !== record && each.status === 'dead') this.#held.set(zone, this.#waitFor(zone, each, now))
    return true
  }

  tick(now: Millis): void {
    for (const [zone, outage] of this.#held) {
      if (now < outage.until) continue
      this.#held.delete(zone)
      for (const record of outage.held)
        if (record.status === 'dead') this.#context.port.notify({ type: 'member-failed', record })
    }
  }

  #waitFor(zone: string, record: MemberRecord, now: Millis): Outage {
    const known = this.#held.get(zone)
    const until = known?.until ?? ((now + this.#context.config.zoneWindowMs) as Millis)
    return { held: [...(known?.held ?? []), record], until, latest: known?.latest ?? until }
  }

  #membersOf(zone: string): MemberRecord[] {
    const members: MemberRecord[] = []
    for (const record of this.#context.table.values())
      if (record.alive.zone === zone && record.status !== 'left') members.push(record)
    return members
  }
}
