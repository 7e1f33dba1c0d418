/**
 * Everybody broadcasts while peers crash, leave and come, and the network is split and healed. What is handed out is in
 * order and once, and what nobody could repair is told.
 */
import type { Scenario } from '../experiment.ts'
import { settled } from './crash.ts'
import { storm } from './storm.ts'

export const chatter: Scenario = {
  name: 'chatter',
  summary: 'everybody broadcasts while peers come and go and the network is split: what is lost, and is it told?',
  defaults: { peers: 16, seconds: 30 },
  run(conditions) {
    const experiment = settled(conditions)
    const { world } = experiment
    experiment.tolerate()
    let said = 0
    let told = 0
    let missed = 0
    let saying = true
    world.observe({
      onNotify(_peer, event) {
        if (event.type === 'broadcast') told += 1
        if (event.type === 'broadcast-gap') missed += event.missed
      },
    })
    const say = (): void => {
      if (!saying) return
      said += 1
      const payload = Uint8Array.of(0x19, (said >>> 8) & 255, said & 255)
      world.prng.pick(world.running).arrive({ type: 'broadcast', topic: 'chatter', payload, ref: said })
      world.after(world.prng.between(10, 300), say)
    }
    say()
    const came = storm(experiment)
    // Whoever was cut off has to be found again, and then to hear of the last that was said.
    world.runFor(15_000)
    saying = false
    world.runFor(25_000)
    return experiment.finish({ more: { said, told, missed, ...came } })
  },
}
