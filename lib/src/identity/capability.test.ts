import { describe, expect, it } from 'vitest'
import { capabilityBytes, capabilityMsMax, ownedMeshIdOf, readChain, readProof, signCapability } from './capability.ts'
import { toBase64Url } from './base64url.ts'
import { seedSigner } from './ed25519.ts'
import type { WallMillis } from './millis.ts'

const [owner, ada] = [seedSigner(new Uint8Array(32).fill(1)), seedSigner(new Uint8Array(32).fill(2))]
const noon = 1_800_000_000_000
const whole = {
  subject: ada.peerId,
  rights: ['join', 'write-shared'],
  ringSeed: new Uint8Array(16).fill(7),
  notBefore: noon as WallMillis,
  expiresAt: (noon + 3_600_000) as WallMillis,
  serial: new Uint8Array(16).fill(9),
} as const

function signed(wish: Partial<Parameters<typeof signCapability>[2]> = {}): Uint8Array {
  let bytes: Uint8Array | Error = new Error('not at once')
  signCapability(owner, ownedMeshIdOf(owner.peerId, 'lobby'), { ...whole, ...wish }, (answer) => (bytes = answer))
  return bytes as unknown as Uint8Array
}

describe('a capability', () => {
  it('reads back as what was signed', () => {
    expect(readChain(signed())).toEqual([{ issuer: owner.peerId, ...whole }])
    expect(readProof(toBase64Url(signed()))).toEqual(readChain(signed()))
    expect(readProof('no capability')).toBeUndefined()
  })

  it('is exactly 174 bytes, the same whenever it is signed', () => {
    expect(signed()).toHaveLength(capabilityBytes)
    expect(signed()).toEqual(signed())
  })

  it('lasts at most a day, and more than no time', () => {
    const until = (ms: number) => signed({ expiresAt: (noon + ms) as WallMillis })
    expect(until(capabilityMsMax)).toHaveLength(capabilityBytes)
    for (const ms of [capabilityMsMax + 1, 0, -1]) expect(() => until(ms)).toThrow(RangeError)
  })

  it('lets its holder join, and needs a ring seed and a serial of 16 bytes', () => {
    expect(() => signed({ rights: ['write-shared'] })).toThrow(RangeError)
    for (const length of [15, 17]) {
      expect(() => signed({ ringSeed: new Uint8Array(length) })).toThrow(RangeError)
      expect(() => signed({ serial: new Uint8Array(length) })).toThrow(RangeError)
    }
  })
})
