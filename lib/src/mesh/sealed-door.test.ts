import { expect, it, vi } from 'vitest'
import { type PeerId, peerIdFromBytes } from '../identity/peer-id.ts'
import type { Door } from './driver.ts'
import { SealedDoor, type SealingCrypto } from './sealed-door.ts'

const idOf = (n: number): PeerId => peerIdFromBytes(new Uint8Array(32).fill(n))
const [ada, bob, cyd] = [idOf(1), idOf(2), idOf(3)]
const key = (n: number) => new Uint8Array(32).fill(n)
const offer = Uint8Array.of(1, 1, ...new Uint8Array(16), 9, 9, 9)

class Wire implements Door {
  readonly sent: Uint8Array[] = []
  setWanted(): void {}
  signal(_to: unknown, payload: Uint8Array): boolean {
    this.sent.push(payload)
    return true
  }
  stop(): void {}
}

function doorOf(self: PeerId, ...keys: [Uint8Array, ...Uint8Array[]]) {
  const wire = new Wire()
  const random = (bytes: number) => crypto.getRandomValues(new Uint8Array(bytes))
  return {
    self,
    key: keys[0],
    wire,
    door: new SealedDoor(wire, { subtle: crypto.subtle as SealingCrypto, self, keys, random }),
  }
}

/** What the wire carries of these once they are sealed, in their order. */
async function sealed(by: ReturnType<typeof doorOf>, to: PeerId, ...payloads: Uint8Array[]): Promise<Uint8Array[]> {
  const before = by.wire.sent.length
  for (const payload of payloads) by.door.signal(to, payload)
  await vi.waitFor(() => expect(by.wire.sent).toHaveLength(before + payloads.length))
  return by.wire.sent.slice(before)
}

/** What `to` gets to read of these. A last one that opens for sure tells that the others had their turn. */
async function opened(to: ReturnType<typeof doorOf>, from: PeerId, ...payloads: Uint8Array[]): Promise<Uint8Array[]> {
  const got: Uint8Array[] = []
  for (const payload of payloads) to.door.receive(from, payload, (bytes: Uint8Array) => got.push(bytes))
  const [last] = await sealed(doorOf(from, to.key), to.self, end)
  await vi.waitFor(() => {
    to.door.receive(from, last!, (bytes: Uint8Array) => got.push(bytes))
    expect(got.some((bytes) => Buffer.from(bytes).equals(end))).toBe(true)
  })
  return got.filter((bytes) => !Buffer.from(bytes).equals(end))
}

const end = Uint8Array.of(1, 3, 0xff)

it('carries what was said in its order, and the server reads none of it', async () => {
  const [a, b] = [doorOf(ada, key(1)), doorOf(bob, key(1))]
  const said = Array.from({ length: 5 }, (_, n) => Uint8Array.of(...offer, n))
  const carried = await sealed(a, bob, ...said)
  for (const [n, payload] of carried.entries()) {
    expect([...payload.slice(0, 2)]).toEqual([1, 6])
    expect(Buffer.from(payload).includes(Buffer.from(said[n]!.slice(2)))).toBe(false)
  }
  expect(await opened(b, ada, ...carried)).toEqual(said)
})

it('opens under any of its keys while one is being replaced', async () => {
  const [old, both, young] = [doorOf(ada, key(1)), doorOf(bob, key(1), key(2)), doorOf(cyd, key(2))]
  expect(await opened(both, ada, ...(await sealed(old, bob, offer)))).toEqual([offer])
  expect(await opened(both, cyd, ...(await sealed(young, bob, offer)))).toEqual([offer])
})

it('drops what is not sealed, what is under another key, altered, or for somebody else', async () => {
  const [a, b] = [doorOf(ada, key(1)), doorOf(bob, key(1))]
  const [payload] = (await sealed(a, bob, offer)) as [Uint8Array]
  const altered = payload.slice()
  altered[20]! ^= 1
  expect(await opened(b, ada, offer, altered, payload.slice(0, 10), new Uint8Array(0))).toEqual([])
  expect(await opened(doorOf(bob, key(2)), ada, payload)).toEqual([])
  expect(await opened(doorOf(cyd, key(1)), ada, payload)).toEqual([])
  expect(await opened(b, cyd, payload)).toEqual([])
  expect(await opened(b, ada, payload)).toEqual([offer])
})

it('lets a farewell pass as it is: a page that closes has no time', () => {
  const [a, b] = [doorOf(ada, key(1)), doorOf(bob, key(1))]
  const farewell = Uint8Array.of(1, 5, 7)
  a.door.signal(bob, farewell)
  expect(a.wire.sent).toEqual([farewell])
  const got: Uint8Array[] = []
  b.door.receive(ada, farewell, (bytes: Uint8Array) => got.push(bytes))
  expect(got).toEqual([farewell])
})

it('opens no more than 64 at once', async () => {
  const [a, b] = [doorOf(ada, key(1)), doorOf(bob, key(1))]
  const many = await sealed(a, bob, ...Array.from({ length: 70 }, (_, n) => Uint8Array.of(...offer, n)))
  expect(await opened(b, ada, ...many)).toHaveLength(64)
})
