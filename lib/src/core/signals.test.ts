import { describe, expect, test } from 'vitest'
import type { Millis } from '../identity/millis.ts'
import type { PeerId } from '../identity/peer-id.ts'
import { Signals } from './signals.ts'

const ada = 'ada' as PeerId
const payload = Uint8Array.of(7)
const now = 0 as Millis

/** What was sent and by what way, in order. */
function signalsOf(port: { canReach: boolean; meetsAtDoor: boolean }): { signals: Signals; sent: string[] } {
  const sent: string[] = []
  const signals = new Signals({
    canReach: () => port.canReach,
    meetsAtDoor: () => port.meetsAtDoor,
    route: (_to, _payload, ref) => sent.push(`mesh ${ref}`),
    byDoor: () => sent.push('door'),
  })
  return { signals, sent }
}

describe('a signal', () => {
  test('goes over the mesh, and by the server only when the mesh gave up', () => {
    const { signals, sent } = signalsOf({ canReach: true, meetsAtDoor: false })
    signals.send(ada, payload, now)
    expect(sent).toEqual(['mesh -1'])
    signals.routed(-1, 'ERR_UNREACHABLE')
    expect(sent).toEqual(['mesh -1', 'door'])
    signals.routed(-1, 'ERR_UNREACHABLE')
    expect(sent, 'once').toEqual(['mesh -1', 'door'])
  })

  test('that the mesh has carried is not sent again', () => {
    const { signals, sent } = signalsOf({ canReach: true, meetsAtDoor: false })
    signals.send(ada, payload, now)
    signals.routed(-1, undefined)
    expect(sent).toEqual(['mesh -1'])
  })

  test('goes by the server where the mesh knows no way', () => {
    const { signals, sent } = signalsOf({ canReach: false, meetsAtDoor: false })
    signals.send(ada, payload, now)
    expect(sent).toEqual(['door'])
  })

  test('between two who met at the server goes both ways at once, and no third time', () => {
    const { signals, sent } = signalsOf({ canReach: true, meetsAtDoor: true })
    signals.send(ada, payload, now)
    expect(sent).toEqual(['door', 'mesh -1'])
    signals.routed(-1, 'ERR_UNREACHABLE')
    expect(sent).toEqual(['door', 'mesh -1'])
  })
})
