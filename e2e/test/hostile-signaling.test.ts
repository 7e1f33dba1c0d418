/** A signaling server that stands in the middle, in every way it has, between real engines: nobody is fooled. */
import { spawnSync } from 'node:child_process'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { attacks } from '../../lib/test/transport/hostile-server.ts'
import { attackSignaling } from '../src/transport/attack.ts'
import { Laboratory, pairs } from '../src/transport/engines.ts'

let laboratory: Laboratory
beforeAll(async () => void (laboratory = await Laboratory.open()))
afterAll(() => laboratory.close())

test.each(pairs)('between %s and %s', { timeout: 180_000 }, async (one, other) => {
  const open = [() => laboratory.engine(one), () => laboratory.engine(other)] as const
  const { attempts, undetected, problems } = await attackSignaling(open, attacks.length)
  expect({ attempts, undetected, problems: [...problems] }).toEqual({
    attempts: attacks.length,
    undetected: 0,
    problems: [],
  })
})

test('an attack can succeed: a transport that signs the first fingerprint is beaten in Firefox', async () => {
  const careless = await Laboratory.open({ naive: true })
  try {
    const open = () => careless.engine('firefox')
    const { undetected, problems } = await attackSignaling([open, open], attacks.length)
    expect(undetected).toBeGreaterThan(0)
    expect([...problems].join('\n')).toContain('towards both: the honest one first: a link came up')
  } finally {
    await careless.close()
  }
}, 180_000)

test('the command that counts attacks can make them, between Nodes as well', () => {
  const args = ['scripts/attack-signaling.mjs', '--attempts', '3', '--pair', 'node-node']
  const root = new URL('../../', import.meta.url)
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' })
  // Attempts, undetected, inconclusive.
  expect(stdout + stderr).toMatch(/^node-node +3 +0 +0 +\d+$/m)
  expect(status).toBe(0)
})
