import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import * as identity from '../../src/identity/index.ts'
import * as pipeline from '../../src/pipeline/index.ts'
import { fuzz } from './fuzz.mjs'

interface Vectors {
  readonly meshId: string
  readonly frames: readonly { readonly bytes: string }[]
}

const vectors = JSON.parse(readFileSync(new URL('../vectors/protocol.json', import.meta.url), 'utf8')) as Vectors

it('hostile frames crash nothing and hold nothing up', { timeout: 60_000 }, () => {
  const seeds = vectors.frames.map(({ bytes }) => bytes)
  const figures = fuzz({ identity, pipeline }, { meshId: vectors.meshId, seeds, frames: 10_000, seed: 1 })
  expect(figures.crashes).toEqual([])
  expect(figures.slowestAgainMs).toBeLessThan(100)
  expect(figures.delivered + figures.refused).toBeGreaterThanOrEqual(10_000)
  // A fuzzer that is only ever refused at the first byte proves nothing.
  expect(figures.delivered).toBeGreaterThan(200)
  expect(Object.keys(figures.codes).length).toBeGreaterThan(15)
})
