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
const sides: readonly Side[] = ['answerer', 'dialler']
const pairs = [
  ['chromium', 'firefox'],
  ['firefox', 'chromium'],
] as const

describe.each(pairs)('a server between %s, which dials, and %s', (dialling, answering) => {
  test.each(sides.flatMap((side) => lies.map((lie) => [side, lie] as const)))(
    'shows the %s fingerprints, %s: neither page links',
    async (side, lie) => {
      const answerer = await sea.tab(answering, { signaling: door.url })
      door.dress = { [side]: disguises[lie]! }
      const dialler = await sea.tab(dialling, { signaling: door.url })
      const affair = await eventually(
        'an attempt to be over',
        () => door.affairs.find((one) => one.dialler === dialler.id && one.refusedBy.size > 0),
        (over) => over !== undefined,
      )
      // Whoever was lied to is who saw it, unless DTLS itself stood in the way of the other.
      expect([...affair!.refusedBy].every((id) => id === dialler.id || id === answerer.id)).toBe(true)
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
