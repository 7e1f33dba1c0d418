/** Links between real engines: every case of the compliance suite, for every pair. */
import { afterAll, afterEach, beforeAll, describe, test } from 'vitest'
import { complianceCases } from '../../lib/test/transport/compliance.ts'
import { type Engine, Rig } from '../../lib/test/transport/rig.ts'
import { Laboratory, pairs } from '../src/transport/engines.ts'

let laboratory: Laboratory
beforeAll(async () => void (laboratory = await Laboratory.open()))
afterAll(() => laboratory.close())

describe.each(pairs)('links between %s and %s', (one, other) => {
  let engines: Engine[]
  let rig: Rig
  beforeAll(async () => void (engines = [await laboratory.engine(one), await laboratory.engine(other)]))
  afterEach(() => rig.close())
  afterAll(() => Promise.all(engines.map((engine) => engine.close())))

  for (const compliance of complianceCases) {
    test(compliance.name, async () => {
      rig = new Rig(...engines)
      await compliance.run(rig)
    })
  }
})
