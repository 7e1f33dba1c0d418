/** A first sync of more than the budgets of a link hold at once, over real frames and the budgets as they are. */
import { expect, it } from 'vitest'
import type { LinkId } from '../../src/core/input.ts'
import type { Message } from '../../src/core/message.ts'
import { seedSigner } from '../../src/identity/ed25519.ts'
import type { Verifier } from '../../src/identity/keys.ts'
import type { Millis, WallMillis } from '../../src/identity/millis.ts'
import { type LinkBudget, nativeBudget, scriptBudget } from '../../src/pipeline/budget.ts'
import { Egress } from '../../src/pipeline/egress.ts'
import { Ingress } from '../../src/pipeline/ingress.ts'
import { stateDefaults } from '../../src/state/config.ts'
import type { StateMessage } from '../../src/state/messages.ts'
import { State } from '../../src/state/state.ts'
import { entry, instanceOf, meshId, recallEntry, writer } from './entries.ts'

const wall = 1_800_000_000_000
const link = 1 as LinkId
const wayMs = 5
const believing: Verifier = { verify: (_key, _message, _signature, done) => done(true) }

/** Somebody with this many entries, and somebody who has none and hears so. Answers how long it takes, and what was refused. */
function sync(count: number, budget: LinkBudget) {
  let now = 0
  const under: { readonly at: number; readonly run: () => void }[] = []
  const codes = new Set<string>()
  const [full, empty] = [0, 1].map((n): State => {
    const other = (): State => (n === 0 ? empty! : full!)
    const egress = new Egress({ meshId, signer: seedSigner(new Uint8Array(32).fill(n)) })
    const ingress = new Ingress({
      self: writer(1 - n),
      meshId,
      verifier: believing,
      budget,
      deliver: (arrival) => {
        if (arrival.type === 'refused') codes.add(arrival.code)
        else other().receive(writer(n), arrival.message as StateMessage, now as Millis)
      },
    })
    ingress.setClock(wall)
    ingress.openLink(link, writer(n))
    return new State(
      stateDefaults,
      meshId,
      {
        self: writer(n),
        links: () => [writer(1 - n)],
        send: (_to, message: Message) => {
          const frame = egress.encode(message)
          under.push({ at: now + wayMs, run: () => ingress.receive(link, frame, now as Millis) })
        },
        seal: () => {},
        wallAt: (at) => (wall + at) as WallMillis,
        refuses: () => undefined,
        admission: () => undefined,
        sharesKeys: () => true,
        equivocated: () => {},
        recall: recallEntry,
        notify: () => {},
      },
      instanceOf(n),
    )
  }) as [State, State]
  full.restore(
    Array.from({ length: count }, (_, i) =>
      entry({ by: 2 + Math.floor(i / 1000), seq: 1 + (i % 1000), key: `key ${i}`, wall, ttlMs: 3_600_000 }),
    ),
  )
  for (; now < 120_000 && empty.size.entries < count; now += wayMs) {
    for (const { run } of under.filter(({ at }) => at === now)) run()
    under.splice(0, under.length, ...under.filter(({ at }) => at > now))
    if (now % 1000 === 0) empty.onAdvertised(writer(0), full.advertise(now as Millis), now as Millis)
    for (const each of [full, empty]) if ((each.deadline(now as Millis) ?? Infinity) <= now) each.tick(now as Millis)
  }
  return { entries: empty.size.entries, seconds: now / 1000, codes: [...codes] }
}

it('of 8,000 entries goes as fast as signatures may be checked, and closes no link', () => {
  const { entries, seconds, codes } = sync(8000, nativeBudget)
  expect([entries, codes]).toEqual([8000, ['ERR_VERIFY_RATE']])
  expect(seconds).toBeLessThan(8)
})

it('of 2,000 entries where script checks them likewise', () => {
  const { entries, seconds, codes } = sync(2000, scriptBudget)
  expect([entries, codes]).toEqual([2000, ['ERR_VERIFY_RATE']])
  expect(seconds).toBeLessThan(30)
})
