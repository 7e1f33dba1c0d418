import { describe, expect, test } from 'vitest'
import type { Priority } from '../core/effect.ts'
import { queueBytesMax, SendQueue } from './send-queue.ts'

/** A channel that lets out nothing until it is told to. */
class Channel {
  readonly sent: string[] = []
  bufferedBytes = 0
  onDrain: (() => void) | undefined

  send(frame: Uint8Array): void {
    this.sent.push(String.fromCharCode(frame[0]!))
    this.bufferedBytes += frame.length
  }

  letOut(bytes: number): void {
    this.bufferedBytes = Math.max(0, this.bufferedBytes - bytes)
    this.onDrain?.()
  }
}

function frame(name: string, bytes = 16 * 1024): Uint8Array {
  return new Uint8Array(bytes).fill(name.charCodeAt(0))
}

/** Queues them all; whether the last was still within the limit. */
function pushAll(queue: SendQueue, frames: readonly Uint8Array[], priority: Priority): boolean {
  return frames.map((one) => queue.push(one, priority)).at(-1)!
}

describe('what waits to be sent on a link', () => {
  test('leaves at once while the channel has room', () => {
    const channel = new Channel()
    const queue = new SendQueue(channel)
    pushAll(queue, [frame('a'), frame('b')], 'data')
    expect(channel.sent).toEqual(['a', 'b'])
    expect(queue.empty).toBe(true)
  })

  test('a ping overtakes a file that was queued before it', () => {
    const channel = new Channel()
    const queue = new SendQueue(channel)
    pushAll(
      queue,
      Array.from({ length: 32 }, () => frame('f')),
      'data',
    )
    const before = channel.sent.length
    expect(before).toBe(5)
    pushAll(queue, [frame('p', 64)], 'probe')
    expect(channel.sent.slice(before)).toEqual(['p'])
    expect(channel.bufferedBytes).toBeLessThanOrEqual(6 * 16 * 1024)
  })

  test('priorities go in the order of core/effect.ts, and within one the first comes first', () => {
    const channel = new Channel()
    channel.bufferedBytes = 300 * 1024
    const queue = new SendQueue(channel)
    pushAll(queue, [frame('x', 10), frame('y', 10)], 'data')
    pushAll(queue, [frame('s', 10)], 'state')
    pushAll(queue, [frame('g', 10), frame('h', 10)], 'gossip')
    expect(channel.sent).toEqual([])
    channel.letOut(300 * 1024)
    expect(channel.sent).toEqual(['g', 'h', 's', 'x', 'y'])
  })

  test('everything leaves in the end, as the channel drains', () => {
    const channel = new Channel()
    const queue = new SendQueue(channel)
    pushAll(
      queue,
      Array.from({ length: 40 }, (_, at) => frame(String.fromCharCode(65 + at))),
      'data',
    )
    while (channel.bufferedBytes > 0) channel.letOut(32 * 1024)
    expect(channel.sent).toEqual(Array.from({ length: 40 }, (_, at) => String.fromCharCode(65 + at)))
    expect(queue.waitingBytes).toBe(0)
    expect(queue.bytesSent).toBe(40 * 16 * 1024)
  })

  test('takes 1 MB and refuses one byte more', () => {
    const channel = new Channel()
    const queue = new SendQueue(channel)
    const frames = Array.from({ length: queueBytesMax / 16_384 }, () => frame('f'))
    expect(pushAll(queue, frames, 'data')).toBe(true)
    expect(queue.waitingBytes).toBe(queueBytesMax)
    expect(pushAll(queue, [frame('f', 1)], 'data')).toBe(false)
  })

  test('whoever waits for room is called one at a time, as room comes', () => {
    const channel = new Channel()
    const queue = new SendQueue(channel)
    const resumed: number[] = []
    pushAll(
      queue,
      Array.from({ length: 8 }, () => frame('f')),
      'data',
    )
    for (const who of [1, 2]) {
      queue.whenRoomy(() => {
        resumed.push(who)
        pushAll(
          queue,
          Array.from({ length: 8 }, () => frame('g')),
          'data',
        )
      })
    }
    expect(resumed).toEqual([])
    channel.letOut(128 * 1024)
    channel.letOut(128 * 1024)
    expect(resumed).toEqual([1])
    while (channel.bufferedBytes > 0) channel.letOut(64 * 1024)
    expect(resumed).toEqual([1, 2])
  })

  test('a closing page spills all that waits', () => {
    const channel = new Channel()
    const queue = new SendQueue(channel)
    pushAll(
      queue,
      Array.from({ length: 10 }, () => frame('f')),
      'data',
    )
    channel.bufferedBytes = 512 * 1024
    pushAll(queue, [frame('g', 10)], 'gossip')
    queue.spill()
    expect(channel.sent.at(-6)).toBe('g')
    expect(queue.empty).toBe(true)
  })
})
