import { beforeEach, describe, expect, it } from 'vitest'
import type { Verified } from '../identity/claim.ts'
import type { Fault } from '../identity/fault.ts'
import type { PeerId } from '../identity/peer-id.ts'
import { alive, ada, bob, fault } from '../../test/vectors/samples.ts'
import { Faults, faultsMax } from './faults.ts'

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

  it('are drafted once against one key', () => {
    const faults = new Faults(() => wall)
    const drafted = faults.draft(bob.signer.peerId, alive, alive)
    expect(drafted).toMatchObject({ culprit: ada.signer.peerId, evidence: [alive.bytes, alive.bytes] })
    expect(faults.draft(bob.signer.peerId, alive, alive)).toBeUndefined()
  })
})
