import { beforeEach, describe, expect, it } from 'vitest'
import type { Verified } from '../identity/claim.ts'
import type { Fault } from '../identity/fault.ts'
import type { PeerId } from '../identity/peer-id.ts'
import { alive, ada, bob, fault } from '../../test/vectors/samples.ts'
import { faultBytesMax, Faults, faultsMax } from './faults.ts'

let wall: number = fault.issuedAt
const against = (culprit: string) => ({ ...fault, culprit: culprit as PeerId }) as Verified<Fault>

describe('faults that are held', () => {
  beforeEach(() => {
    wall = fault.issuedAt
  })

  it('convict until their time is over, and are not taken after it', () => {
    const faults = new Faults(() => wall)
    expect(faults.take(fault, true)).toBe(true)
    wall = fault.issuedAt + fault.ttlMs - 1
    expect([faults.convicted(fault.culprit), faults.take(fault, true)]).toEqual([true, false])
    wall += 1
    expect([faults.convicted(fault.culprit), faults.take(fault, true)]).toEqual([false, false])
    expect([...faults.held]).toEqual([])
  })

  it('are so many at most: a member’s takes the oldest’s place, a stranger’s nobody’s', () => {
    const faults = new Faults(() => wall)
    for (let n = 0; n < faultsMax; n++) expect(faults.take(against(`${n}`), false)).toBe(true)
    expect(faults.take(against('stranger'), false)).toBe(false)
    expect(faults.convicted('0' as PeerId)).toBe(true)
    expect(faults.take(against('member'), true)).toBe(true)
    expect([...faults.held].map(({ culprit }) => culprit).at(-1)).toBe('member')
    expect([...faults.held]).toHaveLength(faultsMax)
    expect(faults.convicted('0' as PeerId)).toBe(false)
  })

  it('are so many bytes at most: all of them go at once to whoever is new here', () => {
    const faults = new Faults(() => wall)
    const sized = (culprit: string, bytes: number) =>
      ({ ...against(culprit), bytes: new Uint8Array(bytes) }) as Verified<Fault>
    const quarter = faultBytesMax / 4
    for (const name of ['a', 'b', 'c', 'd']) expect(faults.take(sized(name, quarter), true)).toBe(true)
    expect([...faults.held]).toHaveLength(4)
    expect(faults.take(sized('stranger', 1), false)).toBe(false)
    expect(faults.take(sized('e', quarter + 1), true)).toBe(true)
    expect([...faults.held].map(({ culprit }) => culprit)).toEqual(['c', 'd', 'e'])
  })

  it('are drafted once against one key', () => {
    const faults = new Faults(() => wall)
    const drafted = faults.draft(bob.signer.peerId, alive, alive)
    expect(drafted).toMatchObject({ culprit: ada.signer.peerId, evidence: [alive.bytes, alive.bytes] })
    expect(faults.draft(bob.signer.peerId, alive, alive)).toBeUndefined()
  })
})
