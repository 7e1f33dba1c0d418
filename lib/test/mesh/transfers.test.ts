import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../src/identity/peer-id.ts'
import { sha256 } from '../../src/identity/hash.ts'
import type { Millis } from '../../src/identity/millis.ts'
import { Alarms } from '../../src/mesh/alarms.ts'
import type { Mesh } from '../../src/mesh/mesh.ts'
import { Transfers } from '../../src/mesh/transfers.ts'
import { Waters } from './waters.ts'

const same = (one: unknown, other: Uint8Array) => one instanceof Uint8Array && Buffer.compare(one, other) === 0

/** Bytes that differ from place to place. */
const large = (bytes: number) => Uint8Array.from({ length: bytes }, (_, at) => (at * 7 + (at >>> 8)) & 255)

function inbox(mesh: Mesh): unknown[] {
  const heard: unknown[] = []
  mesh.addEventListener('message', ({ detail }) => heard.push(detail.data))
  return heard
}

async function codeOf(promise: Promise<unknown>): Promise<unknown> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  return (error as { code?: string } | undefined)?.code
}

describe('a large message', () => {
  it('arrives whole, tells both sides how far it is, and small ones pass it', async () => {
    const waters = new Waters()
    const [ada, bob] = (await waters.shoal(2)) as [Mesh, Mesh]
    const heard = inbox(bob)
    const progress: number[] = []
    const received: number[] = []
    bob.addEventListener('receive-progress', ({ detail }) => received.push(detail.bytes))
    const data = large(3_000_001)
    const sending = ada.send(bob.id, data, { onProgress: (bytes) => progress.push(bytes) })
    await waters.during(ada.send(bob.id, 'small'))
    await waters.during(sending)
    expect(heard).toHaveLength(2)
    expect(heard[0]).toBe('small')
    expect(same(heard[1], data)).toBe(true)
    for (const told of [progress, received]) {
      expect(told.at(-1)).toBe(3_000_001)
      expect([...told].sort((a, b) => a - b)).toEqual(told)
      expect(told.length).toBeGreaterThan(8)
    }
  })

  it('goes in order behind another one, may be a Blob, and both ways at once', async () => {
    const waters = new Waters()
    const [ada, bob] = (await waters.shoal(2)) as [Mesh, Mesh]
    const [toAda, toBob] = [inbox(ada), inbox(bob)]
    const [one, two, three] = [large(300_000), large(16_382), large(500_000)]
    await waters.during(
      Promise.all([
        ada.send(bob.id, new Blob([one as Uint8Array<ArrayBuffer>])),
        ada.send(bob.id, two),
        bob.send(ada.id, three),
      ]),
    )
    expect(toBob).toHaveLength(2)
    expect(toAda).toHaveLength(1)
    expect([same(toBob[0], one), same(toBob[1], two), same(toAda[0], three)]).toEqual([true, true, true])
  })

  it('goes no faster than its link, and never fills it', async () => {
    const waters = new Waters()
    const [ada, bob] = (await waters.shoal(2)) as [Mesh, Mesh]
    waters.hub.hold(ada.id, bob.id)
    let settled = false
    const sending = ada.send(bob.id, large(5_000_000)).finally(() => (settled = true))
    await waters.time.pass(500)
    expect(settled).toBe(false)
    expect(ada.stats().links[0]!.bufferedBytes).toBeLessThan(100_000)
    waters.hub.heal(ada.id, bob.id)
    await waters.during(sending)
  })

  it('over what the receiver takes is refused before a byte of it is sent', async () => {
    const waters = new Waters()
    const ada = await waters.join()
    const bob = await waters.join({ limits: { receiveBytesMax: 100_000 } })
    await waters.until(() => ada.members.get(bob.id)?.linked === true)
    const sent = ada.stats().bytesSent
    expect(await codeOf(waters.during(ada.send(bob.id, large(100_001))))).toBe('ERR_RECEIVER_LIMIT')
    expect(ada.stats().bytesSent - sent).toBeLessThan(2000)
    expect(await codeOf(waters.during(ada.send(bob.id, large(100_000))))).toBeUndefined()
    const huge = { length: 2 ** 30 + 1 }
    Object.setPrototypeOf(huge, Uint8Array.prototype)
    Object.defineProperty(huge, 'length', { value: 2 ** 30 + 1 })
    expect(await codeOf(ada.send(bob.id, huge))).toBe('ERR_MESSAGE_TOO_LARGE')
  })

  it('is stopped by its signal, and the next one arrives', async () => {
    const waters = new Waters()
    const [ada, bob] = (await waters.shoal(2)) as [Mesh, Mesh]
    const heard = inbox(bob)
    const abort = new AbortController()
    const sending = ada.send(bob.id, large(5_000_000), {
      signal: abort.signal,
      onProgress: (bytes) => bytes > 500_000 && abort.abort(),
    })
    const next = ada.send(bob.id, large(20_000))
    expect(await codeOf(waters.during(sending))).toBe('ERR_ABORTED')
    await waters.during(next)
    expect(heard).toHaveLength(1)
    expect(same(heard[0], large(20_000))).toBe(true)
    expect(await codeOf(ada.send(bob.id, large(20_000), { signal: AbortSignal.abort() }))).toBe('ERR_ABORTED')
  })

  it('ends with its link, and with the mesh, and leaves nothing behind', async () => {
    const waters = new Waters()
    const [ada, bob, cyd] = (await waters.shoal(3)) as [Mesh, Mesh, Mesh]
    const heard = inbox(cyd)
    const toBob = ada.send(bob.id, large(50_000_000))
    const toCyd = ada.send(cyd.id, large(50_000_000))
    for (const sending of [toBob, toCyd]) sending.catch(() => {})
    await waters.time.pass(50)
    await waters.during(bob.leave())
    expect(await codeOf(waters.during(toBob))).toBe('ERR_UNREACHABLE')
    await waters.during(ada.leave())
    expect(await codeOf(toCyd)).toBe('ERR_CLOSED')
    await waters.during(cyd.leave())
    expect(heard).toEqual([])
    expect(waters.time.hosts.size).toBe(0)
  })

  it('to whom there is no link is refused with a code that says so', async () => {
    const waters = new Waters()
    const meshes = await waters.during(Promise.all(Array.from({ length: 14 }, () => waters.join())))
    const [ada] = meshes as [Mesh]
    const far = () =>
      [...ada.members.values()].find(({ status, linked, self }) => !self && !linked && status === 'alive')
    await waters.until(() => far() !== undefined && ada.members.size === 14, 40_000)
    expect(await codeOf(ada.send(far()!.id, large(20_000)))).toBe('ERR_NOT_LINKED')
    expect(await codeOf(ada.send(ada.id, large(20_000)))).toBe('ERR_UNKNOWN_PEER')
  })
})

describe('whoever breaks the rules of a transfer', () => {
  const [eve, bob] = ['eve', 'bob'] as PeerId[] as [PeerId, PeerId]

  function receiver() {
    const said: string[] = []
    const told: number[] = []
    const waters = new Waters()
    const transfers = new Transfers({
      alarms: new Alarms(waters.time.host()),
      receiveBytesMax: 1000,
      now: () => waters.time.nowMs as Millis,
      isLinked: () => true,
      whenRoomy: (_to, resume) => resume(),
      say: (to, message) => said.push(`${to} ${message.type} ${'word' in message ? message.word : ''}`.trim()),
      deliver: (_from, bytes) => told.push(bytes.length),
      progress: () => {},
    })
    const chunk = (transfer: number, bytes: number) =>
      transfers.onMessage(eve, { type: 'chunk', transfer, payload: new Uint8Array(bytes) })
    const offer = (from: PeerId, transfer: number, bytes: number) =>
      transfers.onMessage(from, { type: 'offer', transfer, bytes })
    const finish = (transfer: number, bytes: number) =>
      transfers.onMessage(eve, { type: 'finish', transfer, sha256: sha256(new Uint8Array(bytes)) })
    return { waters, transfers, said, told, chunk, offer, finish }
  }

  it('is held to what it offered, and all together to what is held at once', () => {
    const { said, told, chunk, offer, finish } = receiver()
    offer(eve, 1, 1001)
    offer(eve, 2, 600)
    offer(eve, 3, 10)
    offer(bob, 1, 401)
    offer(bob, 2, 400)
    expect(said).toEqual(['eve stop too-large', 'eve credit', 'eve stop busy', 'bob stop busy', 'bob credit'])
    chunk(1, 10)
    chunk(3, 10)
    chunk(2, 600)
    expect(said.slice(5)).toEqual(['eve credit'])
    chunk(2, 1)
    expect(said.slice(6)).toEqual(['eve stop broken'])
    finish(2, 601)
    expect(told).toEqual([])
  })

  it.each([
    ['nothing in a chunk', 0, 10],
    ['too little', 9, 9],
    ['other bytes than it hashed', 10, 11],
  ])('gets nothing told: %s', (_what, sent, hashed) => {
    const { said, told, chunk, offer, finish } = receiver()
    offer(eve, 1, 10)
    chunk(1, sent)
    finish(1, hashed)
    expect(said.at(-1)).toBe('eve stop broken')
    offer(eve, 2, 10)
    chunk(2, 10)
    finish(2, 10)
    expect(told).toEqual([10])
    expect(said.at(-1)).toBe('eve stop done')
  })

  it('and says nothing more for thirty seconds is not waited for', async () => {
    const { waters, said, offer } = receiver()
    offer(eve, 1, 10)
    await waters.time.pass(29_000)
    expect(said).toEqual(['eve credit'])
    await waters.time.pass(2000)
    expect(said).toEqual(['eve credit', 'eve stop cancelled'])
  })

  it('cannot end others’ transfers, or have one taken for whole that is not', async () => {
    const { transfers, said } = receiver()
    const sending = transfers.send(bob, new Uint8Array(50_000), {})
    const code = codeOf(sending)
    transfers.onMessage(eve, { type: 'stop', transfer: 1, sender: false, word: 'busy' })
    transfers.onMessage(bob, { type: 'credit', transfer: 1, received: 50_000 })
    expect(said).toEqual(['bob offer'])
    transfers.onMessage(bob, { type: 'stop', transfer: 1, sender: false, word: 'done' })
    expect(await code).toBe('ERR_TRANSFER_BROKEN')
  })
})
