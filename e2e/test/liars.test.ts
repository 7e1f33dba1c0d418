/** What a member can say about another, and what the others make of it. */
import { randomBytes } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { eventually } from '../src/eventually.ts'
import { aliveClaim, altered, keyOf, leaveClaim, Liar, readAlive } from '../src/liar.ts'
import { type MemberNote, type Noted, type Peer, refusalsFrom } from '../src/peer.ts'
import { allAgree, allSee, news, Sea } from '../src/sea.ts'

let sea: Sea
beforeAll(async () => void (sea = await Sea.open('chromium', 'firefox')))
beforeEach(() => sea.newRoom())
afterEach(() => sea.clear())
afterAll(() => sea.close())

async function refusals(peer: Peer, liar: Liar): Promise<readonly Noted[]> {
  return refusalsFrom(await peer.notes(), liar.id)
}

/** Waits until each has refused this many claims of the liar. */
async function allRefuse(peers: readonly Peer[], liar: Liar, count: number): Promise<void> {
  for (const peer of peers) {
    const seen = await eventually(
      `${peer.name} to refuse ${count} of the liar's claims`,
      () => refusals(peer, liar),
      (all) => all.length >= count,
    )
    expect(seen.map(({ code }) => code)).toEqual(Array.from({ length: count }, () => 'ERR_CLAIM_SIGNATURE'))
  }
}

/** What a view says of a member, as far as a lie could change it. */
async function told(peer: Peer, of: Peer): Promise<Omit<MemberNote, 'linked' | 'self'> | undefined> {
  const member = (await peer.members())[of.id]
  return (
    member && { status: member.status, metadata: member.metadata, zone: member.zone, incarnation: member.incarnation }
  )
}

const seed = randomBytes(32)
/** Canonical CBOR of `{ name: 'Mallory' }`. */
const mallory = Buffer.from('a1646e616d65674d616c6c6f7279', 'hex')

test('claims about another, altered, or under the wrong key, or from another room, change no view', async () => {
  const peers = [await sea.tab('chromium'), await sea.tab('firefox')]
  const victim = await sea.edge({ seed: seed.toString('hex') })
  await allAgree([...peers, victim])
  const before = await Promise.all(peers.map((peer) => told(peer, victim)))

  const liar = await Liar.enter(sea.signaling.url, sea.room, [...peers, victim])
  const honest = await liar.overhear(victim.id)
  const claim = readAlive(honest)
  const raised = { incarnation: claim.incarnation + 5, metadata: mallory }

  liar.tell(altered(honest, raised))
  await allRefuse(peers, liar, 1)
  liar.tell(await aliveClaim({ ...claim, ...raised }, liar.key, sea.room))
  await allRefuse(peers, liar, 2)
  // The victim's own key, and a claim that is good in another room.
  liar.tell(await aliveClaim({ ...claim, ...raised }, await keyOf(seed), 'another room'))
  await allRefuse(peers, liar, 3)

  expect(await Promise.all(peers.map((peer) => told(peer, victim)))).toEqual(before)
  expect((await victim.members())[victim.id]).toMatchObject({ status: 'alive', incarnation: claim.incarnation })
  // Three lies, and nobody listens any more.
  await eventually('the liar to be cut off', () => peers.every(({ id }) => liar.closed.has(id)))
  liar.leave()
})

test('nobody can make another leave, and nobody can bring it back once it has left', async () => {
  const peers = [await sea.tab('chromium'), await sea.tab('firefox')]
  const victim = await sea.edge()
  await allAgree([...peers, victim])
  const liar = await Liar.enter(sea.signaling.url, sea.room, [...peers, victim])
  const honest = await liar.overhear(victim.id)

  liar.tell(await leaveClaim(readAlive(honest), liar.key, sea.room))
  await allRefuse(peers, liar, 1)
  for (const peer of peers) expect(await told(peer, victim)).toMatchObject({ status: 'alive' })

  await victim.call('leave')
  await allSee(peers, victim, 'left')
  // Signed by the victim, and true when it was said. A lie after it shows when it has been heard.
  liar.tell(honest)
  liar.tell(altered(honest, { incarnation: 99 }))
  await allRefuse(peers, liar, 2)
  for (const peer of peers) {
    expect(await told(peer, victim)).toMatchObject({ status: 'left' })
    expect((await news(peer, victim)).at(-1)).toBe('member-left')
  }
  liar.leave()
})
