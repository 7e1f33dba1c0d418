import { beforeEach, describe, expect, it } from 'vitest'
import type { Millis } from '../identity/millis.ts'
import type { PeerId } from '../identity/peer-id.ts'
import { Awareness } from './awareness.ts'
import { swimDefaults } from './config.ts'
import type { SwimContext } from './context.ts'
import { Helper } from './helper.ts'
import type { SwimMessage } from './messages.ts'

const asker = 'asker' as PeerId
const target = 'target' as PeerId
const liar = 'liar' as PeerId
const at = (ms: number): Millis => ms as Millis
const runAt = at(1000)
const { unmetGraceMs } = swimDefaults

describe('a helper without a link to the target', () => {
  let heardAt: Map<PeerId, Millis>
  let awareness: Awareness
  let helper: Helper
  let sent: string[]

  beforeEach(() => {
    sent = []
    heardAt = new Map()
    awareness = new Awareness(swimDefaults.awarenessMax)
    helper = new Helper({
      config: swimDefaults,
      port: { linked: () => false, send: (to: PeerId, { type }: SwimMessage) => sent.push(`${type} to ${to}`) },
      table: { get: (id: PeerId) => (id === target ? { id, runAt } : undefined) },
      awareness,
      accusers: { discounted: (id: PeerId) => id === liar },
      heardAt,
    } as unknown as SwimContext)
  })

  const ask = (ms: number, about = target, origin = asker): void =>
    helper.onPingReq(origin, { type: 'ping-req', target: about, nonce: new Uint8Array(16), timeoutMs: at(200) }, at(ms))

  it('says so at once when it has heard this run of it', () => {
    heardAt.set(target, runAt)
    ask(runAt + 1)
    expect(sent).toEqual(['nack to asker'])
  })

  it('says nothing when it has heard its last run only', () => {
    heardAt.set(target, at(runAt - 1))
    ask(runAt + 1)
    expect(sent).toEqual([])
  })

  it('says nothing of one that it never met, until it had the time to be linked to it', () => {
    ask(runAt + unmetGraceMs - 1)
    expect(sent).toEqual([])
    ask(runAt + unmetGraceMs)
    expect(sent).toEqual(['nack to asker'])
  })

  it('waits longer when it is itself that is slow', () => {
    awareness.add(1)
    ask(runAt + unmetGraceMs)
    expect(sent).toEqual([])
    ask(runAt + 2 * unmetGraceMs)
    expect(sent).toEqual(['nack to asker'])
  })

  it('does not help one who accuses in vain', () => {
    heardAt.set(target, runAt)
    ask(runAt + 1, target, liar)
    expect(sent).toEqual([])
  })

  it('says nothing of a stranger', () => {
    ask(runAt + unmetGraceMs, 'stranger' as PeerId)
    expect(sent).toEqual([])
  })
})
