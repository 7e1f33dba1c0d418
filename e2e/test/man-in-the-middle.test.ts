/** A signaling server that puts itself between two pages, through the whole of the real client. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { loadWrtc } from '../../lib/dist/adapters/node/wrtc.js'
import { disguises } from '../../lib/test/transport/middle.ts'
import { eventually } from '../src/eventually.ts'
import { HostileDoor, type Side } from '../src/hostile-door.ts'
import { allAgree, living, Sea } from '../src/sea.ts'

let sea: Sea
let door: HostileDoor
beforeAll(async () => {
  sea = await Sea.open('chromium', 'firefox')
  door = await HostileDoor.open(sea.signaling.url, await loadWrtc())
})
beforeEach(() => {
  sea.newRoom()
  door.dress = undefined
  door.affairs.length = 0
})
afterEach(() => sea.clear())
afterAll(async () => {
  await door.close()
  await sea.close()
})

const lies = ['its own in place of the honest one', 'the honest one first', 'its own first'] as const
/** Lied to on one side only, the other side's transcript tells; lied to on both, each must see it for itself. */
const lied: Readonly<Record<string, readonly Side[]>> = { 'who dials': ['dialler'], both: ['answerer', 'dialler'] }
const pairs = [
  ['chromium', 'firefox'],
  ['firefox', 'chromium'],
  // Firefox takes a certificate that any of several fingerprints fits: here a lax reading has been broken.
  ['firefox', 'firefox'],
] as const

describe.each(pairs)('a server between %s, which dials, and %s', (dialling, answering) => {
  test.each(Object.keys(lied).flatMap((whom) => lies.map((lie) => [whom, lie] as const)))(
    'lies to %s, with %s: neither page links',
    async (whom, lie) => {
      const answerer = await sea.tab(answering, { signaling: door.url })
      door.dress = Object.fromEntries(lied[whom]!.map((side) => [side, disguises[lie]!]))
      const dialler = await sea.tab(dialling, { signaling: door.url })
      const affair = await eventually(
        'an attempt to be over',
        () => door.affairs.find(({ refusedBy }) => refusedBy.size > 0),
        (over) => over !== undefined,
      )
      expect([dialler.id, answerer.id]).toContain([...affair!.refusedBy][0])
      for (const tab of [dialler, answerer]) {
        expect(living(await tab.members())).toEqual([tab.id])
        expect((await tab.notes()).filter(({ type }) => type === 'link-opened')).toEqual([])
        expect((await tab.rows()).map(({ id }) => id)).toEqual([tab.id])
      }
      // It read nothing but the handshake's own two frames, from either: HELLO with 70 bytes, then AUTH.
      for (const { heard } of door.affairs) {
        for (const frame of heard()) expect(frame.length === 70 || frame[0] === 2).toBe(true)
      }
    },
  )
})

test('the same server, while it is honest, brings two pages together', async () => {
  const tabs = [await sea.tab('chromium', { signaling: door.url }), await sea.tab('firefox', { signaling: door.url })]
  await allAgree(tabs)
  expect(door.affairs).toEqual([])
})
