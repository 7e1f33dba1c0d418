import fc from 'fast-check'
import { expect, it } from 'vitest'
import { sha256, sha256Repeater } from './hash.ts'

it('hashes a prefix and each input as if it were the only one', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 130 }),
      fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 }),
      (prefix, inputs) => {
        const hash = sha256Repeater(prefix)
        for (const input of inputs) {
          const bytes = Uint8Array.of(...prefix, ...input)
          expect(hash(input).slice()).toEqual(sha256(bytes))
        }
      },
    ),
  )
})
