import { describe, expect, it } from 'vitest'
import { Point, utils, verify } from '@noble/ed25519'
import { cctv, hex, publishedSignatures, speccheck, wycheproof } from '../../test/vectors/published.ts'
import { publicKeyOf, seedSigner, verifyStrict } from './ed25519.ts'
import { publicKeyShapeOk, signatureShapeOk } from './signature-shape.ts'
import { chooseVerifier, nativeVerifier, passesSelfTest, type SubtleLike } from './webcrypto.ts'

const subtle: SubtleLike = globalThis.crypto.subtle
const native = nativeVerifier(subtle)
const nativeSays = (key: Uint8Array, message: Uint8Array, signature: Uint8Array) =>
  new Promise<boolean>((resolve) => native.verify(key, message, signature, resolve))

// A thousand verifications by script take a second or more.
describe('the one acceptance rule', { timeout: 60_000 }, () => {
  it('gives every published signature the same answer by script and by the engine', async () => {
    const vectors = publishedSignatures()
    expect(vectors).toHaveLength(12 + 914 + 151)
    const disagreements: string[] = []
    for (const { name, publicKey, message, signature } of vectors) {
      const byEngine = await nativeSays(publicKey, message, signature)
      if (verifyStrict(publicKey, message, signature) !== byEngine) disagreements.push(name)
    }
    expect(disagreements).toEqual([])
  })

  it('is needed: without it, noble and the engine disagree on most of the edge cases', async () => {
    const bare = async (key: Uint8Array, message: Uint8Array, signature: Uint8Array) => {
      try {
        const handle = await crypto.subtle.importKey('raw', key as never, 'Ed25519', false, ['verify'])
        return await crypto.subtle.verify('Ed25519', handle, signature as never, message as never)
      } catch {
        return false
      }
    }
    let disagreements = 0
    for (const { publicKey, message, signature } of cctv().filter((_, index) => index % 4 === 0)) {
      if (verify(signature, message, publicKey) !== (await bare(publicKey, message, signature))) disagreements++
    }
    expect(disagreements).toBeGreaterThan(100)
  })

  it('accepts exactly case 3 of speccheck', () => {
    const accepted = speccheck().filter(({ publicKey, message, signature }) =>
      verifyStrict(publicKey, message, signature),
    )
    expect(accepted.map(({ name }) => name)).toEqual(['speccheck 3'])
  })

  it('says what Wycheproof says, on every one of its cases', () => {
    for (const { name, publicKey, message, signature, valid } of wycheproof()) {
      expect([name, verifyStrict(publicKey, message, signature)]).toEqual([name, valid])
    }
  })

  it('refuses a signature of the wrong length and a key of the wrong length, and throws for nothing', () => {
    const signer = speccheck()[3]!
    for (const length of [0, 1, 31, 33, 63, 64, 65, 128]) {
      expect(verifyStrict(new Uint8Array(length).fill(7), signer.message, signer.signature)).toBe(false)
      expect(verifyStrict(signer.publicKey, signer.message, new Uint8Array(length).fill(7))).toBe(false)
    }
    expect(verifyStrict(hex('02' + '00'.repeat(31)), signer.message, signer.signature)).toBe(false) // no point of the curve
  })

  it('refuses what a member may make on purpose: an ordinary key, and R with a torsion part', async () => {
    // By hand: S = r + k·a with R = r·B + T, T of order 8. The cofactor would forgive it.
    const seed = new Uint8Array(32).fill(9)
    const { scalar, pointBytes } = utils.getExtendedPublicKey(seed)
    const order = 2n ** 252n + 27742317777372353535851937790883648493n
    const torsion = Point.fromHex('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a')
    const message = new Uint8Array(40).fill(4)
    const r = 123_456_789n
    const R = Point.BASE.multiply(r).add(torsion).toBytes()
    const k = littleEndian(await sha512(Uint8Array.of(...R, ...pointBytes, ...message))) % order
    const signature = new Uint8Array(64)
    signature.set(R)
    for (let at = 0, s = (r + k * scalar) % order; at < 32; at++, s >>= 8n) signature[32 + at] = Number(s & 255n)
    expect(verify(signature, message, pointBytes, { zip215: false })).toBe(true) // noble alone
    expect(verifyStrict(pointBytes, message, signature)).toBe(false)
    expect(await nativeSays(pointBytes, message, signature)).toBe(false)
  })
})

describe('the byte pre-check', () => {
  it('refuses each of the 14 encodings of a point of small order, and they are all there are', () => {
    const small = new Set<string>()
    let point = Point.fromHex('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a')
    for (
      let times = 0;
      times < 8;
      times++, point = point.add(Point.fromHex('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a'))
    ) {
      small.add(point.toHex())
    }
    expect(small.size).toBe(8)
    // And their other spellings: y + p where that fits, and a sign on x = 0.
    for (const spelling of [
      'ee' + 'ff'.repeat(30) + '7f',
      'ee' + 'ff'.repeat(31),
      'ed' + 'ff'.repeat(30) + '7f',
      'ed' + 'ff'.repeat(31),
      '01' + '00'.repeat(30) + '80',
      'ec' + 'ff'.repeat(31),
    ])
      small.add(spelling)
    expect(small.size).toBe(14)
    for (const spelling of small) {
      expect(publicKeyShapeOk(hex(spelling))).toBe(false)
      expect(signatureShapeOk(Uint8Array.of(...hex(spelling), ...new Uint8Array(32)))).toBe(false)
    }
  })

  it('takes S up to one below the order, and y up to one below p', () => {
    const good = publicKeyOf(new Uint8Array(32).fill(1))
    const order = hex('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010')
    const withS = (delta: number) => Uint8Array.of(...good, order[0]! + delta, ...order.subarray(1))
    expect(signatureShapeOk(withS(-1))).toBe(true)
    expect(signatureShapeOk(withS(0))).toBe(false)
    expect(signatureShapeOk(withS(1))).toBe(false)
    const y = (low: number) => Uint8Array.of(low, ...new Uint8Array(30).fill(0xff), 0x7f)
    expect([0xea, 0xeb, 0xed, 0xef, 0xff].map((low) => publicKeyShapeOk(y(low)))).toEqual([
      true,
      true,
      false,
      false,
      false,
    ])
  })
})

describe('choosing who verifies', () => {
  it('takes the engine when it passes the self-test, and loads nothing else', async () => {
    const chosen = await chooseVerifier(subtle, () => Promise.reject(new Error('loaded')))
    expect(chosen.native).toBe(true)
  })

  it('takes the script where there is no engine, or one that forgives the cofactor, or one that knows no Ed25519', async () => {
    const forgiving: SubtleLike = { ...bound(subtle), verify: () => Promise.resolve(true) }
    const broken: SubtleLike = { ...bound(subtle), verify: () => Promise.resolve(false) }
    const ignorant: SubtleLike = { ...bound(subtle), importKey: () => Promise.reject(new Error('NotSupportedError')) }
    const absurd = {} as SubtleLike
    for (const engine of [undefined, forgiving, broken, ignorant, absurd]) {
      const { verifier, native } = await chooseVerifier(engine)
      expect(native).toBe(false)
      const signer = seedSigner(new Uint8Array(32).fill(3))
      signer.sign(new Uint8Array(5), (signature) => {
        verifier.verify(publicKeyOf(new Uint8Array(32).fill(3)), new Uint8Array(5), signature as Uint8Array, (valid) =>
          expect(valid).toBe(true),
        )
      })
    }
    expect(await passesSelfTest(forgiving)).toBe(false)
  })
})

function bound(engine: SubtleLike): SubtleLike {
  return {
    importKey: engine.importKey.bind(engine),
    exportKey: engine.exportKey.bind(engine),
    generateKey: engine.generateKey.bind(engine),
    sign: engine.sign.bind(engine),
    verify: engine.verify.bind(engine),
  }
}

async function sha512(bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-512', bytes as never))
}

function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n)
}
