/**
 * The simulation set: every seed that ever failed, then 200 fresh ones over all scenarios. Whatever a
 * scenario is about, all checkers watch it. A failure names its scenario, size and seed; run it again with
 *
 *     npm run sim -- <scenario> --peers <peers> --seed <seed>
 *
 * and add a line to seeds.txt. `SHOAL_SEED` sets where the fresh seeds begin.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { conditionDefaults, Prng, scenarios } from 'shoal/sim'
import type { Conditions, Outcome } from 'shoal/sim'

/** Small and short, so that many fit into a minute: a protocol's bugs are found in three peers as in a thousand. */
const small: Readonly<Record<string, Partial<Conditions>>> = {
  bootstrap: { seconds: 4 },
  steady: { seconds: 10 },
  crash: { seconds: 3 },
  leave: { seconds: 3 },
  'fresh-claim': { seconds: 2 },
  'fresh-write': { seconds: 2 },
  state: { seconds: 12 },
  broadcast: { seconds: 8 },
  chatter: { seconds: 12 },
  churn: { seconds: 15 },
  partition: { seconds: 12 },
  liars: { seconds: 10, count: 2 },
  zone: { seconds: 8 },
}

function run(name: string, peers: number, seed: string, more: Partial<Conditions> = {}): Outcome {
  const scenario = scenarios.find((each) => each.name === name)
  if (scenario === undefined) throw new Error(`no scenario is called ${name}`)
  return scenario.run({ ...conditionDefaults, ...scenario.defaults, ...small[name], peers, seed, ...more })
}

/** Throws with all that is needed to see it again. */
function hold(name: string, peers: number, seed: string, more: Partial<Conditions> = {}): void {
  const { seconds, count } = { ...small[name], ...more }
  const flags = [
    ...(seconds === undefined ? [] : [`--seconds ${seconds}`]),
    ...(count === undefined ? [] : [`--count ${count}`]),
    ...(more === bad ? [badFlags] : []),
    ...(more === lossy ? ['--loss 0.2'] : []),
  ]
  const again = `npm run sim -- ${name} --peers ${peers} --seed ${seed} ${flags.join(' ')}`
  let outcome
  try {
    outcome = run(name, peers, seed, more)
  } catch (reason) {
    throw new Error(`${again} threw`, { cause: reason })
  }
  if (outcome.breaches.length > 0) throw new Error(`${again} found\n${outcome.breaches.join('\n')}`)
}

/** One network in three: lossy, doubling and out of order. */
const bad: Partial<Conditions> = {
  network: { ...conditionDefaults.network, loss: 0.05, duplication: 0.05, reordering: 0.1 },
}
const badFlags = '--loss 0.05 --duplication 0.05 --reordering 0.1'
/** As bad as figures are taken in. */
const lossy: Partial<Conditions> = { network: { ...conditionDefaults.network, loss: 0.2 }, seconds: 20 }
const networks: Readonly<Record<string, Partial<Conditions>>> = { good: {}, bad, lossy }

const past = readFileSync(new URL('seeds.txt', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))

describe('seeds that once failed', () => {
  for (const line of past) {
    const [name = '', peers = '', seed = '', network = 'good'] = line.split(' ')
    it(`${name} with ${peers} peers in a ${network} network, seed ${seed}`, () =>
      hold(name, Number(peers), seed, networks[network]))
  }
})

const freshSeeds = 200
const first = process.env['SHOAL_SEED'] ?? String(process.hrtime.bigint() % 1_000_000n)

describe(`${freshSeeds} fresh seeds from ${first}`, () => {
  const names = Object.keys(small)
  const prng = new Prng(first)
  for (const name of names) {
    it(`${name}: every checker holds`, () => {
      const rounds = Math.ceil(freshSeeds / names.length)
      for (let round = 0; round < rounds; round++) {
        const peers = 3 + prng.split(`${name}/${round}`).int(8)
        hold(name, peers, `${first}-${name}-${round}`, round % 3 === 2 ? bad : {})
      }
    })
  }
})

describe('a split that outlives leases', () => {
  it.each([400, 600, 1200])('heals after %i s', (seconds) => {
    for (const peers of [4, 9, 16]) hold('partition', peers, `long-${seconds}`, { seconds })
  })
})

describe('a seed', () => {
  it('decides everything: the same trace from the same seed, in every scenario, and another from another', () => {
    for (const name of Object.keys(small)) {
      const hash = (seed: string): string => run(name, 5, seed, { seconds: 3 }).traceHash
      expect([name, hash('once')]).toEqual([name, hash('once')])
      expect(hash('once')).not.toBe(hash('twice'))
    }
  })
})
