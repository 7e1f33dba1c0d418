import { describe, expect, it } from 'vitest'
import { alive, meshId, news } from '../../test/vectors/samples.ts'
import type { Verified } from '../identity/claim.ts'
import { digestOf } from '../identity/envelope.ts'
import type { Claim } from '../core/message.ts'
import { ClaimCache } from './claim-cache.ts'

/** Claims that differ in what they say and in their signatures, which nobody checks here. */
function claim(index: number): Verified<Claim> {
  const bytes = alive.bytes.slice()
  new DataView(bytes.buffer).setUint32(bytes.length - 64, index * 0x9e37_79b1)
  new DataView(bytes.buffer).setUint32(10, index)
  return { ...alive, bytes, digest: digestOf(bytes) }
}

describe('the claim cache', () => {
  it('finds a claim by its exact envelope, and by its digest under another signature', () => {
    const cache = new ClaimCache(meshId)
    cache.add(alive)
    expect(cache.find(alive.bytes.slice())).toBe(alive)
    expect(cache.find(news.bytes)).toBeUndefined()
    for (const at of [0, 1, 40, alive.bytes.length - 64, alive.bytes.length - 1]) {
      const altered = alive.bytes.slice()
      altered[at]! ^= 1
      expect(cache.find(altered)).toBeUndefined()
    }
    expect(cache.findDigest(alive.digest)).toBe(alive)
    expect(cache.findDigest(news.digest)).toBeUndefined()
  })

  it('is bounded, forgets what is not used, and keeps what is', () => {
    const cache = new ClaimCache(meshId, 100)
    cache.add(alive)
    for (let index = 0; index < 1_000; index++) {
      cache.add(claim(index))
      if (index % 50 === 0) expect(cache.find(alive.bytes)).toBe(alive)
      expect(cache.size).toBeLessThanOrEqual(200)
    }
    expect(cache.find(claim(999).bytes)).toBeDefined()
    expect(cache.find(claim(0).bytes)).toBeUndefined()
  })

  it('survives signatures that were made to fall on one place', () => {
    const cache = new ClaimCache(meshId)
    const twin = claim(1)
    twin.bytes.set(alive.bytes.subarray(-64), twin.bytes.length - 64)
    cache.add(alive)
    cache.add(twin)
    expect(cache.find(twin.bytes)).toBe(twin)
    expect(cache.find(alive.bytes)).toBeUndefined() // costs a hash
    expect(cache.findDigest(alive.digest)).toBe(alive)
  })
})
