import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import * as capability from '../../src/identity/capability.ts'
import * as capabilityRoom from '../../src/identity/capability-room.ts'
import * as identity from '../../src/identity/index.ts'
import * as door from '../../src/mesh/door-words.ts'
import * as pipeline from '../../src/pipeline/index.ts'
import * as messages from '../../src/signaling/messages.ts'
import * as handshake from '../../src/transport/handshake.ts'
import * as sdp from '../../src/transport/sdp.ts'
import * as signal from '../../src/transport/signal.ts'
import { fuzzer, refusals, report } from './fuzz.mjs'
import type { Seeds } from './parsers.mjs'

const seeds = JSON.parse(readFileSync(new URL('../vectors/protocol.json', import.meta.url), 'utf8')) as Seeds
const product = {
  capability: { ...capability, ...capabilityRoom },
  door,
  handshake,
  identity,
  messages,
  pipeline,
  sdp,
  signal,
}

it('hostile input crashes no parser and holds nothing up', { timeout: 60_000 }, () => {
  const run = fuzzer(product, seeds, 1)
  run.feed(20_000)
  const figures = run.figures()
  const { text, good } = report(figures)
  expect(good, text).toBe(true)
  // A fuzzer that is only ever refused, or that is refused at the first byte, proves nothing.
  for (const { name, fed, taken } of figures) {
    expect([name, fed > 500, taken > 10, fed - taken > 100]).toEqual([name, true, true, true])
  }
  expect(refusals(figures).length).toBeGreaterThan(40)
})

it('a parser that throws is counted, and told by the number of its input', () => {
  const run = fuzzer(
    {
      ...product,
      messages: {
        ...messages,
        parseClientMessage: () => {
          throw new TypeError('no such key')
        },
      },
    },
    seeds,
    1,
  )
  run.feed(100)
  const { text, good } = report(run.figures())
  expect(good).toBe(false)
  expect(text).toContain('signaling, server, input 1: TypeError: no such key')
})
