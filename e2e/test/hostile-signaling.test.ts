/** A signaling server that stands in the middle, in every way it has, between real engines: nobody is fooled. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { attacks } from '../../lib/test/transport/hostile-server.ts'
import { attackSignaling } from '../src/transport/attack.ts'
import { Laboratory, pairs } from '../src/transport/engines.ts'

let laboratory: Laboratory
beforeAll(async () => void (laboratory = await Laboratory.open()))
afterAll(() => laboratory.close())

test.each(pairs)('between %s and %s', { timeout: 180_000 }, async (one, other) => {
  const open = [() => laboratory.engine(one), () => laboratory.engine(other)] as const
  // Twice: each of the two dials once.
  const { attempts, undetected, problems } = await attackSignaling(open, 2 * attacks.length)
  expect({ attempts, undetected, problems: [...problems] }).toEqual({
    attempts: 2 * attacks.length,
    undetected: 0,
    problems: [],
  })
})
