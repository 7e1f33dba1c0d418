import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Millis } from '../identity/millis.ts'
import { openHost } from './host.ts'

/** A Worker as a page has it, whose timer the test owns. */
class FakeWorker {
  static readonly all: FakeWorker[] = []
  static forbidden = false
  readonly asked: number[] = []
  onmessage: ((event: { data: number }) => void) | null = null
  onerror: ((event: { preventDefault(): void }) => void) | null = null
  terminated = false

  constructor() {
    if (FakeWorker.forbidden) throw new DOMException('Content Security Policy', 'SecurityError')
    FakeWorker.all.push(this)
  }

  postMessage(delayMs: number): void {
    this.asked.push(delayMs)
  }

  terminate(): void {
    this.terminated = true
  }
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] })
  FakeWorker.all.length = 0
  FakeWorker.forbidden = false
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

function inPage(): { hidden: boolean } {
  const document = { hidden: false }
  vi.stubGlobal('document', document)
  vi.stubGlobal('Worker', FakeWorker)
  return document
}

function ticking() {
  const host = openHost()
  let ticks = 0
  host.onTick = () => (ticks += 1)
  const after = (ms: number) => host.setTimer((host.now() + ms) as Millis)
  return { host, after, ticks: () => ticks }
}

test('holds its thread for as long as it is asked to', () => {
  vi.useRealTimers()
  const host = openHost()
  const from = host.now()
  host.hold(3)
  expect(host.now() - from).toBeGreaterThanOrEqual(3)
})

describe('the one timer in Node', () => {
  test('goes off once, at its time', () => {
    const { host, after, ticks } = ticking()
    after(100)
    vi.advanceTimersByTime(99)
    expect(ticks()).toBe(0)
    vi.advanceTimersByTime(1)
    expect(ticks()).toBe(1)
    vi.advanceTimersByTime(1000)
    expect([ticks(), host.granularityMs()]).toEqual([1, 0])
  })

  test('is moved by being set again, unset by undefined, and ended by close', () => {
    const { host, after, ticks } = ticking()
    after(100)
    after(500)
    vi.advanceTimersByTime(400)
    after(50)
    vi.advanceTimersByTime(50)
    expect(ticks()).toBe(1)
    after(10)
    host.setTimer(undefined)
    vi.advanceTimersByTime(1000)
    after(10)
    host.close()
    after(10)
    vi.advanceTimersByTime(1000)
    expect(ticks()).toBe(1)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('may be set further ahead than setTimeout can count', () => {
    const { after, ticks } = ticking()
    after(2 ** 31 + 5000)
    vi.advanceTimersByTime(2 ** 31)
    expect(ticks()).toBe(0)
    vi.advanceTimersByTime(5000)
    expect(ticks()).toBe(1)
  })
})

describe('the one timer in a page', () => {
  test('ticks in a Worker, so that hiding the page does not coarsen it', () => {
    const document = inPage()
    const { host, after, ticks } = ticking()
    const [worker] = FakeWorker.all
    after(100)
    expect(vi.getTimerCount()).toBe(1)
    worker!.onmessage!({ data: 1 })
    expect(vi.getTimerCount()).toBe(0)
    expect(worker!.asked).toEqual([100])
    document.hidden = true
    expect(host.granularityMs()).toBe(0)
    vi.advanceTimersByTime(100)
    worker!.onmessage!({ data: 0 })
    expect(ticks()).toBe(1)
    host.close()
    expect(worker!.terminated).toBe(true)
  })

  test('leaves the Worker alone while it ticks early enough, and tells it of an earlier time or of the rest', () => {
    inPage()
    const { host, after, ticks } = ticking()
    const [worker] = FakeWorker.all
    worker!.onmessage!({ data: 1 })
    after(100)
    after(300)
    host.setTimer(undefined)
    after(400)
    expect(worker!.asked).toEqual([100])
    after(50)
    expect(worker!.asked).toEqual([100, 50])
    after(250)
    vi.advanceTimersByTime(50)
    worker!.onmessage!({ data: 0 })
    expect([ticks(), worker!.asked]).toEqual([0, [100, 50, 200]])
    vi.advanceTimersByTime(200)
    worker!.onmessage!({ data: 0 })
    expect(ticks()).toBe(1)
    // It ticks for nothing when nothing is wanted any more.
    after(10)
    host.setTimer(undefined)
    vi.advanceTimersByTime(10)
    worker!.onmessage!({ data: 0 })
    expect([ticks(), worker!.asked.length]).toEqual([1, 4])
  })

  test.each(['thrown', 'reported'])(
    'ticks in the page where a Worker is forbidden (%s), and says how coarse it is',
    (how) => {
      const document = inPage()
      FakeWorker.forbidden = how === 'thrown'
      const { host, after, ticks } = ticking()
      after(100)
      if (how === 'reported') FakeWorker.all[0]!.onerror!({ preventDefault: () => {} })
      expect(host.granularityMs()).toBe(0)
      document.hidden = true
      expect(host.granularityMs()).toBe(1000)
      vi.advanceTimersByTime(100)
      expect(ticks()).toBe(1)
    },
  )
})
