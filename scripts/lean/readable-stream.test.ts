import { describe, expect, it } from 'vitest'
import { Duplex } from './readable-stream.mjs'

describe('what simple-peer needs of a stream', () => {
  it('calls listeners in their order, once or each time, until they are removed', () => {
    const stream = new Duplex()
    const heard: string[] = []
    const each = (word: string): void => void heard.push(`each ${word}`)
    stream.on('word', each).once('word', (word: string) => heard.push(`once ${word}`))
    expect([stream.emit('word', 'a'), stream.emit('word', 'b')]).toEqual([true, true])
    stream.removeListener('word', each)
    expect(stream.emit('word', 'c')).toBe(false)
    expect(heard).toEqual(['each a', 'once a', 'each b'])
  })

  it('still calls a listener that is removed by one before it', () => {
    const stream = new Duplex()
    const heard: string[] = []
    const second = (): void => void heard.push('second')
    stream.on('word', () => void stream.removeListener('word', second)).on('word', second)
    stream.emit('word')
    expect(heard).toEqual(['second'])
  })

  it('throws an error that nobody listens for', () => {
    const error = new Error('lost')
    expect(() => new Duplex().emit('error', error)).toThrow(error)
    const heard: unknown[] = []
    expect(new Duplex().on('error', (reason) => heard.push(reason)).emit('error', error)).toBe(true)
    expect(heard).toEqual([error])
  })

  it('knows that it has ended', () => {
    const stream = new Duplex()
    stream.push()
    stream.end()
    expect([stream._readableState.ended, stream._writableState.finished]).toEqual([true, true])
  })
})
