/** Every attack of the threat model that a member or a stranger can make with bytes: none does any harm. */
import { expect, test } from 'vitest'
import { attacks } from './attacks.ts'

for (const { name, run } of attacks) {
  test(name, async () => {
    expect(await run('1')).toEqual([])
  })
}
