/** What every host of the rooms must do, whatever carries its sockets and wherever its rooms are. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { toBase64Url } from 'shoal/identity'
import { dataBytesMax, pingText, sampleMax } from 'shoal/signaling'
import { Callers, newSigner, until } from './caller.ts'

export interface Hosting {
  /** Addresses that lead to the same rooms. Where there are several, neighbours in a test get different ones. */
  readonly urls: readonly string[]
  /** How many peers fit into one room: between 17 and 40. */
  readonly peersPerRoomMax: number
  close(): Promise<void>
}

let rooms = 0

export function complies(name: string, open: () => Promise<Hosting>): void {
  describe(name, () => {
    let hosting: Hosting
    const callers = new Callers()
    const url = (n: number): string => hosting.urls[n % hosting.urls.length]!
    /** No test meets another's peers. */
    const room = (): string => `room-${++rooms}`

    beforeAll(async () => {
      hosting = await open()
    }, 60_000)
    afterEach(() => callers.end())
    afterAll(() => hosting.close())

    test('a challenge comes first, and never twice the same', async () => {
      const [a, b] = [await callers.open(url(0), { room: room() }), await callers.open(url(0), { room: room() })]
      const [first, second] = [await a.next('challenge'), await b.next('challenge')]
      expect(first.version).toBe(1)
      expect(first.nonce).not.toBe(second.nonce)
    })

    test('a newcomer is welcomed with those who are there, and not with itself', async () => {
      const name = room()
      const a = await callers.join(url(0), { room: name })
      expect(a.sample).toEqual([])
      const b = await callers.join(url(1), { room: name })
      expect(b.sample).toEqual([a.id])
    })

    test('a signal is passed on with the true sender, and the bytes as they came', async () => {
      const name = room()
      const a = await callers.join(url(0), { room: name })
      const b = await callers.join(url(1), { room: name })
      const data = toBase64Url(new Uint8Array(dataBytesMax).fill(255))
      b.say({ t: 'signal', to: a.id, data })
      expect(await a.next('signal')).toEqual({ t: 'signal', from: b.id, data })
      a.say({ t: 'signal', to: b.id, data: 'AQ' })
      expect(await b.next('signal')).toEqual({ t: 'signal', from: a.id, data: 'AQ' })
    })

    test('signals between two peers keep their order', async () => {
      const name = room()
      const a = await callers.join(url(0), { room: name })
      const b = await callers.join(url(1), { room: name })
      const sent = Array.from({ length: 30 }, (_, n) => toBase64Url(Uint8Array.of(n)))
      for (const data of sent) a.say({ t: 'signal', to: b.id, data })
      const got: string[] = []
      while (got.length < sent.length) got.push((await b.next('signal')).data)
      expect(got).toEqual(sent)
    })

    test('a signal for nobody is answered with absent', async () => {
      const a = await callers.join(url(0), { room: room() })
      const { peerId } = await newSigner()
      a.say({ t: 'signal', to: peerId, data: 'AQ' })
      expect(await a.next('absent')).toEqual({ t: 'absent', to: peerId })
    })

    test('rooms do not hear each other', async () => {
      const a = await callers.join(url(0), { room: room() })
      const b = await callers.join(url(1), { room: room() })
      expect(b.sample).toEqual([])
      b.say({ t: 'signal', to: a.id, data: 'AQ' })
      await b.next('absent')
      expect(a.heard.filter(({ t }) => t === 'signal')).toEqual([])
    })

    test('a sample has at most sixteen, all different, and changes', async () => {
      const name = room()
      const others = await Promise.all(
        Array.from({ length: sampleMax + 1 }, (_, n) => callers.join(url(n), { room: name })),
      )
      const last = others.at(-1)!
      const drawn = new Set<string>()
      await until('every other peer to have been drawn', async () => {
        last.say({ t: 'sample' })
        const { sample } = await last.next('sample')
        expect(sample.length).toBe(sampleMax)
        expect(new Set(sample).size).toBe(sampleMax)
        expect(sample).not.toContain(last.id)
        for (const id of sample) drawn.add(id)
        return drawn.size === others.length - 1
      })
    })

    test('who leaves is absent at once', async () => {
      const name = room()
      const a = await callers.join(url(0), { room: name })
      const b = await callers.join(url(1), { room: name })
      a.say({ t: 'leave' })
      expect(await a.closed()).toBe(1000)
      await until('b to be told', async () => {
        b.say({ t: 'signal', to: a.id, data: 'AQ' })
        await b.next('absent')
        return true
      })
      const c = await callers.join(url(0), { room: name })
      expect(c.sample).toEqual([b.id])
    })

    test('who vanishes without a word is absent soon', async () => {
      const name = room()
      const a = await callers.join(url(0), { room: name })
      const b = await callers.join(url(1), { room: name })
      a.end()
      await until('the sample to be empty', async () => {
        b.say({ t: 'sample' })
        return (await b.next('sample')).sample.length === 0
      })
    })

    test('the same key with a newer socket takes its own place, and the older is told', async () => {
      const name = room()
      const signer = await newSigner()
      const older = await callers.join(url(0), { room: name, signer })
      const friend = await callers.join(url(0), { room: name })
      const newer = await callers.join(url(1), { room: name, signer })
      expect(newer.sample).toEqual([friend.id])
      expect(await older.next('bye')).toEqual({ t: 'bye', code: 'ERR_REPLACED', retryAfterMs: 0 })
      expect(await older.closed()).toBe(1000)
      friend.say({ t: 'signal', to: signer.peerId, data: 'AQ' })
      expect((await newer.next('signal')).from).toBe(friend.id)
    })

    test('a full room says so, and says when to try again; its own members may still come back', async () => {
      const name = room()
      const signer = await newSigner()
      await callers.join(url(0), { room: name, signer })
      for (let n = 1; n < hosting.peersPerRoomMax; n++) await callers.join(url(n), { room: name })
      const late = await callers.open(url(1), { room: name })
      await late.join({ room: name })
      expect(await late.next('error')).toMatchObject({ code: 'ERR_ROOM_FULL', retryAfterMs: expect.any(Number) })
      expect(await late.closed()).toBe(1013)
      const back = await callers.join(url(1), { room: name, signer })
      expect(back.sample.length).toBe(sampleMax)
    })

    test('a ping has one exact answer', async () => {
      const a = await callers.join(url(0), { room: room() })
      a.say(pingText)
      expect(await a.next('pong')).toEqual({ t: 'pong' })
    })

    describe('one bad frame costs one socket, with a code', () => {
      test.each([
        ['no JSON', 'hello', 'ERR_FRAME_INVALID'],
        ['a key too many', '{"t":"sample","all":true}', 'ERR_FRAME_INVALID'],
        ['nested too deep', '{"t":[[[[[]]]]]}', 'ERR_FRAME_INVALID'],
        ['an id that is none', '{"t":"signal","to":"x","data":"AQ"}', 'ERR_ID_INVALID'],
        ['data that is none', `{"t":"signal","to":"${'A'.repeat(43)}","data":"***"}`, 'ERR_DATA_INVALID'],
        ['bytes', Buffer.from('{"t":"ping"}'), 'ERR_BINARY'],
      ])('%s', async (_what, frame, code) => {
        const name = room()
        const innocent = await callers.join(url(0), { room: name })
        const a = await callers.join(url(0), { room: name })
        a.socket.send(frame)
        expect((await a.next('error')).code).toBe(code)
        expect(await a.closed()).toBe(1008)
        innocent.say({ t: 'sample' })
        expect((await innocent.next('sample')).sample).toEqual([])
      })

      test('anything before the join', async () => {
        const a = await callers.open(url(0), { room: room() })
        await a.next('challenge')
        a.say({ t: 'sample' })
        expect((await a.next('error')).code).toBe('ERR_NOT_JOINED')
        await a.closed()
      })

      test('a second join', async () => {
        const name = room()
        const a = await callers.open(url(0), { room: name })
        await a.join({ room: name })
        const [again] = [a.heard.find(({ t }) => t === 'challenge')]
        expect(again).toBeDefined()
        await a.next('welcome')
        a.say({
          t: 'join',
          version: 1,
          room: name,
          id: a.id,
          audience: 'x',
          signature: toBase64Url(new Uint8Array(64)),
        })
        expect((await a.next('error')).code).toBe('ERR_ALREADY_JOINED')
        await a.closed()
      })
    })

    describe('who cannot prove its key is nobody', () => {
      test.each([
        ['a signature of nothing', { signature: toBase64Url(new Uint8Array(64)) }, 'ERR_SIGNATURE'],
        ['another’s id', { id: 'A'.repeat(43) }, 'ERR_SIGNATURE'],
        ['another server’s name', { audience: 'evil.example' }, 'ERR_SIGNATURE'],
        ['another version', { version: 2 }, 'ERR_VERSION'],
        ['a room name that is too long', { room: 'x'.repeat(65) }, 'ERR_ROOM_INVALID'],
      ])('%s', async (_what, change, code) => {
        const name = room()
        const a = await callers.open(url(0), { room: name })
        await a.join({ room: name }, change)
        expect((await a.next('error')).code).toBe(code)
        await a.closed()
      })

      test('a join that was heard on another socket', async () => {
        const name = room()
        const signer = await newSigner()
        const a = await callers.open(url(0), { room: name, signer })
        const b = await callers.open(url(0), { room: name, signer })
        const { nonce } = await a.next('challenge')
        await b.next('challenge')
        b.heard.push({ t: 'challenge', version: 1, nonce })
        await b.join({ room: name })
        expect((await b.next('error')).code).toBe('ERR_SIGNATURE')
        await b.closed()
      })

      test('a room other than the address says', async () => {
        const a = await callers.open(url(0), { room: room() })
        await a.join({ room: 'elsewhere' })
        expect((await a.next('error')).code).toBe('ERR_ROOM_MISMATCH')
        await a.closed()
      })
    })
  })
}
