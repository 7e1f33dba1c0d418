/** Every attack of a hostile signaling server, as often as is asked, between two engines. */
import { loadWrtc } from '../../../lib/dist/adapters/node/wrtc.js'
import { attacks, Undetected } from '../../../lib/test/transport/hostile-server.ts'
import { type Engine, Rig } from '../../../lib/test/transport/rig.ts'

export interface Tally {
  attempts: number
  /** A link came up that was not one between the two, end to end. */
  undetected: number
  /** The attack could not be carried out, or did not end: it proves nothing either way. */
  inconclusive: number
  /** What stopped them: codes at both victims, and how often. */
  readonly stopped: Map<string, number>
  /** What went wrong, once each. */
  readonly problems: Set<string>
}

/** At most this many at once: each costs four connections. */
const atOnce = 4
/** A page may have 500 connections, closed ones counted until they are collected: then a fresh one goes on. */
const attemptsPerPage = 192

/** Runs `attempts` attacks in turn, between fresh peers each time. */
export async function attackSignaling(
  openEngine: readonly [() => Promise<Engine>, () => Promise<Engine>],
  attempts: number,
): Promise<Tally> {
  const tally: Tally = { attempts: 0, undetected: 0, inconclusive: 0, stopped: new Map(), problems: new Set() }
  while (tally.attempts < attempts) {
    const engines = [await openEngine[0](), await openEngine[1]()] as const
    await attackBetween(engines, Math.min(attempts, tally.attempts + attemptsPerPage), tally)
    for (const engine of engines) await engine.close()
  }
  return tally
}

async function attackBetween(engines: readonly [Engine, Engine], until: number, tally: Tally): Promise<void> {
  const wrtc = await loadWrtc()
  const worker = async (): Promise<void> => {
    while (tally.attempts < until) {
      const number = tally.attempts++
      const attack = attacks[number % attacks.length]!
      // Each engine is the victim that dials as often as the one that answers.
      const turned = Math.floor(number / attacks.length) % 2 === 1
      const rig = new Rig(...(turned ? [engines[1], engines[0]] : engines))
      try {
        const verdict = await attack.run(rig, wrtc)
        tally.stopped.set(verdict, (tally.stopped.get(verdict) ?? 0) + 1)
      } catch (error) {
        if (error instanceof Undetected) tally.undetected++
        else tally.inconclusive++
        tally.problems.add(`${attack.name}: ${error instanceof Error ? error.message : String(error)}`)
      } finally {
        await rig.close()
      }
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}
