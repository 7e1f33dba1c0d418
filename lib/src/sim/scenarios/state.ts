/**
 * Everybody writes to two maps, in one the last writer wins and in the other concurrent writes stand side by
 * side, while the network is split, peers crash, and some come back. When it is whole again all replicas are
 * the same soon.
 */
import type { Write } from '../../state/state.ts'
import { entryTtlMs } from '../../state/config.ts'
import type { Scenario } from '../experiment.ts'
import { settled } from './crash.ts'
import { storm } from './storm.ts'

const patienceMs = 60_000
/** Few, so that writes meet. */
const keys = 24

/** A write as an application makes it; the value is the number, in CBOR. */
export function writeOf(map: 'board' | 'notes', key: string, value: number | undefined): Write {
  const bytes = value === undefined ? undefined : Uint8Array.of(0x19, (value >>> 8) | 1, value & 0xff)
  return { map, key, value: bytes, conflict: map === 'board' ? 'lww' : 'siblings', ttlMs: entryTtlMs }
}

export const state: Scenario = {
  name: 'state',
  summary: 'writes to replicated maps while peers come and go and the network is split; how long until all are equal',
  defaults: { peers: 16, seconds: 20 },
  run(conditions) {
    const experiment = settled(conditions)
    const { world, figures } = experiment
    experiment.tolerate()
    let writes = 0
    let deletes = 0
    let writing = true
    const write = (): void => {
      if (!writing) return
      const peer = world.prng.pick(world.running)
      const map = world.prng.chance(0.5) ? 'board' : 'notes'
      const deleted = world.prng.chance(0.2)
      if (deleted) deletes++
      else writes++
      const value = deleted ? undefined : writes & 0xfff
      const batch = [writeOf(map, `k${world.prng.int(keys)}`, value)]
      if (world.prng.chance(0.1)) batch.push(writeOf(map, `k${world.prng.int(keys)}`, value))
      peer.arrive({ type: 'write', writes: batch, ref: writes + deletes })
      world.after(world.prng.between(10, 400), write)
    }
    write()
    const came = storm(experiment)
    writing = false
    figures.openWindow()
    const healedAt = world.now
    const equal = (): boolean => new Set(world.honest.map((peer) => peer.machine.state.root)).size <= 1
    // Comparing roots is dear, so it is done every 50 ms.
    let [replicasMs, equalMs] = [patienceMs, patienceMs]
    while (equalMs === patienceMs && world.now < healedAt + patienceMs) {
      world.runFor(50)
      if (!equal()) continue
      const after = world.now - healedAt
      replicasMs = Math.min(replicasMs, after)
      if (experiment.disagreeing() === 0) equalMs = after
    }
    world.runFor(10_000)
    const { bytesPerSecond } = experiment.perPeer(figures.traffic)
    return experiment.finish({
      bytesPerPeerPerSecond: bytesPerSecond,
      more: { replicasMs, equalMs, writes, deletes, ...came },
    })
  },
}
