import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Member, Mesh, PeerId } from './mesh.ts'
import { awayMs } from './own-presence.ts'
import { SharedPresence } from './shared-presence.ts'

const [ada, bob, cyd] = ['a', 'b', 'c'].map((id) => id.repeat(43) as PeerId) as [PeerId, PeerId, PeerId]
const place = (x: number, on: string | null = null) => ({ on, x, y: 0 })

/** A mesh whose others are told by the test. */
class Told extends EventTarget {
  readonly members = new Map<PeerId, Pick<Member, 'self' | 'status'>>([[ada, { self: true, status: 'alive' }]])
  readonly said: unknown[] = []
  /** What a message that was said waits for. */
  taken: Promise<void> = Promise.resolve()
  hears: (message: { from: PeerId; data: unknown }) => void = () => {}

  topic() {
    return {
      publish: (data: unknown) => {
        this.said.push(data)
        return this.taken
      },
      subscribe: (listener: typeof this.hears) => {
        this.hears = listener
        return () => (this.hears = () => {})
      },
    }
  }

  become(peer: PeerId, status: Member['status'], type: string): void {
    this.members.set(peer, { self: false, status })
    this.dispatchEvent(new CustomEvent(type, { detail: { member: { id: peer } } }))
  }
}

let mesh: Told
let presence: SharedPresence
const pointing = () => [...presence.cursors.value.values()].flat().map(({ peer }) => peer)
const open = (calm = false) => (presence = new SharedPresence(mesh as unknown as Mesh, () => calm))

beforeEach(() => {
  vi.useFakeTimers()
  mesh = new Told()
  open()
  for (const peer of [bob, cyd]) mesh.become(peer, 'alive', 'member-joined')
})
afterEach(() => {
  presence.close()
  vi.useRealTimers()
})

test('moving for a second says ten things and the last place; resting and leaving say one thing more', async () => {
  for (let i = 0; i < 100; i++) {
    presence.point(place(i))
    await vi.advanceTimersByTimeAsync(10)
  }
  await vi.advanceTimersByTimeAsync(1000)
  expect(mesh.said.length).toBeLessThanOrEqual(11)
  expect(mesh.said.at(-1)).toEqual({ points: place(99), holds: null })
  const before = mesh.said.length
  presence.leave()
  await vi.advanceTimersByTimeAsync(awayMs)
  expect(mesh.said.slice(before)).toEqual([{ points: null, holds: null }])
  await vi.advanceTimersByTimeAsync(3_600_000)
  expect(mesh.said).toHaveLength(before + 1)
  expect(vi.getTimerCount()).toBe(0)
})

test('while a message waits for room no other is made, and then the latest is said', async () => {
  let take = () => {}
  mesh.taken = new Promise((resolve) => (take = resolve))
  for (let i = 0; i < 100; i++) {
    presence.point(place(i))
    await vi.advanceTimersByTimeAsync(10)
  }
  expect(mesh.said).toHaveLength(1)
  take()
  await vi.advanceTimersByTimeAsync(1)
  expect(mesh.said.slice(1)).toEqual([{ points: place(99), holds: null }])
})

test('a message that is refused is no error, and the next is said', async () => {
  mesh.taken = Promise.reject(new Error('no room'))
  presence.hold('k')
  await vi.advanceTimersByTimeAsync(100)
  mesh.taken = Promise.resolve()
  presence.hold(null)
  expect(mesh.said).toHaveLength(2)
})

test('who is alone says nothing, and tells whoever comes', async () => {
  presence.close()
  mesh = new Told()
  open()
  presence.hold('k')
  await vi.advanceTimersByTimeAsync(5000)
  expect(mesh.said).toEqual([])
  mesh.become(bob, 'alive', 'member-joined')
  await vi.advanceTimersByTimeAsync(5000)
  expect(mesh.said).toEqual([{ points: null, holds: 'k' }])
})

test('what the others say is shown by where they point and what they hold', () => {
  mesh.hears({ from: bob, data: { points: place(1), holds: 'k' } })
  vi.advanceTimersByTime(50)
  mesh.hears({ from: cyd, data: { points: place(2, 'k'), holds: 'k' } })
  expect(presence.cursors.value.get(null)).toMatchObject([{ peer: bob, x: 1 }])
  expect(presence.cursors.value.get('k')).toMatchObject([{ peer: cyd, x: 2 }])
  expect(presence.holders.value.get('k')).toEqual([bob, cyd])
})

test('a list that has not changed stays the same one', () => {
  mesh.hears({ from: bob, data: { points: place(1), holds: null } })
  const before = presence.cursors.value.get(null)
  vi.advanceTimersByTime(50)
  mesh.hears({ from: cyd, data: { points: place(2, 'k'), holds: null } })
  expect(presence.cursors.value.has('k')).toBe(true)
  expect(presence.cursors.value.get(null)).toBe(before)
})

test.each(['left', 'failed', 'revoked'] as const)(
  'whoever has %s is taken off at once, whatever was drawn when',
  (how) => {
    for (const from of [bob, cyd]) mesh.hears({ from, data: { points: place(1), holds: 'k' } })
    vi.advanceTimersByTime(50)
    mesh.hears({ from: cyd, data: { points: place(2), holds: 'k' } })
    expect(pointing()).toEqual([bob, cyd])
    mesh.become(bob, how === 'left' ? 'left' : 'dead', `member-${how}`)
    expect(pointing()).toEqual([cyd])
    expect(presence.holders.value.get('k')).toEqual([cyd])
  },
)

test('who is no member, or no longer, is not listened to', () => {
  mesh.become(bob, 'left', 'member-left')
  for (const from of [bob, 'x'.repeat(43) as PeerId, ada]) mesh.hears({ from, data: { points: place(1), holds: 'k' } })
  vi.advanceTimersByTime(1000)
  expect([pointing(), presence.holders.value.size]).toEqual([[], 0])
})

test('what is not renewed goes by itself', () => {
  mesh.hears({ from: bob, data: { points: place(1), holds: 'k' } })
  vi.advanceTimersByTime(14_999)
  expect(pointing()).toEqual([bob])
  vi.advanceTimersByTime(100)
  expect(pointing()).toEqual([])
  expect(presence.holders.value.get('k')).toEqual([bob])
  vi.advanceTimersByTime(75_000)
  expect(presence.holders.value.size).toBe(0)
  expect(vi.getTimerCount()).toBe(0)
})

test.each([
  [false, 20],
  [true, 2],
])('a thousand messages a second are drawn a few times (calm: %s)', (calm, drawnMax) => {
  presence.close()
  open(calm)
  let drawn = -1
  const end = presence.cursors.subscribe(() => (drawn += 1))
  for (let i = 0; i < 1000; i++) {
    mesh.hears({ from: i % 2 ? bob : cyd, data: { points: place(i), holds: null } })
    vi.advanceTimersByTime(1)
  }
  end()
  expect(drawn).toBeGreaterThan(1)
  expect(drawn).toBeLessThanOrEqual(drawnMax + 1)
})

test('the more point, the less often each speaks', async () => {
  for (let i = 0; i < 29; i++) {
    const from = `${i}`.padStart(43, '0') as PeerId
    mesh.become(from, 'alive', 'member-joined')
    mesh.hears({ from, data: { points: place(i), holds: null } })
  }
  for (let i = 0; i < 600; i++) {
    presence.point(place(i))
    await vi.advanceTimersByTimeAsync(10)
  }
  expect(mesh.said.length).toBeGreaterThanOrEqual(9)
  expect(mesh.said.length).toBeLessThanOrEqual(11)
})

test('however many strangers point, we speak as often as without them', async () => {
  for (let i = 0; i < 29; i++)
    mesh.hears({ from: `${i}`.padStart(43, '0') as PeerId, data: { points: place(i), holds: null } })
  for (let i = 0; i < 100; i++) {
    presence.point(place(i))
    await vi.advanceTimersByTimeAsync(10)
  }
  expect(mesh.said.length).toBeGreaterThanOrEqual(10)
})

test('nothing is said, heard or timed after the end', async () => {
  presence.point(place(1))
  await vi.advanceTimersByTimeAsync(10)
  presence.point(place(2))
  expect(vi.getTimerCount()).toBe(1)
  presence.close()
  expect(vi.getTimerCount()).toBe(0)
  const said = mesh.said.length
  mesh.hears({ from: bob, data: { points: place(1), holds: null } })
  presence.point(place(3))
  await vi.advanceTimersByTimeAsync(60_000)
  expect(mesh.said).toHaveLength(said)
  expect(pointing()).toEqual([])
  expect(vi.getTimerCount()).toBe(0)
})
