import { describe, expect, it } from 'vitest'
import { alive } from '../../test/vectors/samples.ts'
import { firstWord, secondWord } from '../identity/base64url.ts'
import type { Millis } from '../identity/millis.ts'
import type { PeerId } from '../identity/peer-id.ts'
import { swimDefaults } from './config.ts'
import type { SwimContext } from './context.ts'
import type { SwimMessage } from './messages.ts'
import { Sync } from './sync.ts'
import { MemberTable, writeWord } from './table.ts'

const zero = 0 as Millis
const neighbour = 'neighbour' as PeerId

/** A peer that knows one member, what it sends, and what it refuses. */
function knowsOne() {
  const table = new MemberTable()
  table.insert({
    id: alive.author,
    alive,
    status: 'alive',
    statusAt: zero,
    runAt: zero,
    raisedAt: undefined,
    pacedAt: zero,
    suspicion: undefined,
    leaseEnded: false,
    leave: undefined,
    forgetAt: undefined,
  })
  const sent: SwimMessage[] = []
  const codes: string[] = []
  const port = {
    send: (_to: PeerId, message: SwimMessage) => sent.push(message),
    notify: (event: { readonly code: string }) => codes.push(event.code),
  }
  const sync = new Sync({ table, port, config: swimDefaults } as unknown as SwimContext, () => undefined)
  return { sync, sent, codes, table }
}

const ids = new Uint8Array(8)
writeWord(ids, 0, firstWord(alive.author))
writeWord(ids, 4, secondWord(alive.author))

describe('a push-pull', () => {
  it('is answered as often as an honest neighbour may ask, then dropped and told once, and answered again later', () => {
    const { sync, sent, codes } = knowsOne()
    for (let i = 0; i < 64; i += 1) sync.onWant(neighbour, { type: 'sync-want', ids }, zero)
    expect(sent).toHaveLength(64)
    expect(codes).toEqual([])
    for (let i = 0; i < 100; i += 1) sync.onWant(neighbour, { type: 'sync-want', ids }, zero)
    expect(sent).toHaveLength(64)
    expect(codes).toEqual(['ERR_SYNC_RATE'])
    sync.onWant(neighbour, { type: 'sync-want', ids }, 1000 as Millis)
    expect(sent).toHaveLength(65)
  })

  it('has one budget for its three steps', () => {
    const { sync, sent, codes } = knowsOne()
    for (let i = 0; i < 32; i += 1) sync.onWant(neighbour, { type: 'sync-want', ids }, zero)
    for (let i = 0; i < 32; i += 1)
      sync.onBuckets(neighbour, { type: 'sync-buckets', count: 0, buckets: new Uint8Array(512) }, zero)
    expect(sent).toHaveLength(64)
    const rows = {
      type: 'sync-rows',
      buckets: Array.from({ length: 64 }, (_, i) => i),
      rows: new Uint8Array(0),
    } as const
    sync.onRows(neighbour, rows, zero)
    sync.onBuckets(neighbour, { type: 'sync-buckets', count: 0, buckets: new Uint8Array(512) }, zero)
    expect(sent).toHaveLength(64)
    expect(codes).toEqual(['ERR_SYNC_RATE'])
    sync.onRows('another' as PeerId, rows, zero)
    expect(sent).toHaveLength(65)
  })
})

describe('digests', () => {
  const compared = (differing: (ms: number) => boolean, changedEveryMs: number, untilMs: number): number[] => {
    const { sync, sent } = knowsOne()
    const started: number[] = []
    for (let ms = 0; ms <= untilMs; ms += 500) {
      const changedAt = ms - (ms % changedEveryMs)
      sync.compared(neighbour, !differing(ms), changedAt as Millis, ms as Millis)
      if (sent.splice(0).length > 0) started.push(ms)
    }
    return started
  }

  it('that differ when all is quiet begin a push-pull', () => {
    expect(compared(() => true, 100_000, 2000)).toEqual([1000, 2000])
  })

  it('that have differed for ten seconds do so though something changes all the time', () => {
    expect(compared(() => true, 500, 10_000)).toEqual([10_000])
    expect(compared((ms) => ms !== 5000, 500, 15_000)).toEqual([])
    expect(compared((ms) => ms !== 5000, 500, 15_500)).toEqual([15_500])
  })
})
