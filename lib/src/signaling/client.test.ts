import { describe, expect, test } from 'vitest'
import { fromBase64Url, toBase64Url } from '../identity/base64url.ts'
import type { Signer } from '../identity/keys.ts'
import type { PeerId } from '../identity/peer-id.ts'
import { SignalingClient, SignalingError, type SignalingOptions, type SocketLike } from './client.ts'
import { dataBytesMax, encodeMessage, joinBytes, parseClientMessage, type ServerMessage } from './messages.ts'

const id = (fill: number) => toBase64Url(new Uint8Array(32).fill(fill)) as PeerId
const me = id(1)
const other = id(2)
const nonce = toBase64Url(new Uint8Array(32).fill(9))

const signer: Signer = { peerId: me, sign: (message, done) => done(new Uint8Array(64).fill(message.length)) }

/** A socket whose far end is the test. */
class FakeSocket implements SocketLike {
  bufferedAmount = 0
  onopen: (() => void) | null = null
  onmessage: ((event: { data: unknown }) => void) | null = null
  onclose: ((event: { code: number }) => void) | null = null
  onerror: (() => void) | null = null
  readonly url: string
  readonly sent: string[] = []
  closed = false

  constructor(url: string) {
    this.url = url
  }

  send(text: string): void {
    if (this.closed) throw new Error('sent on a closed socket')
    this.sent.push(text)
  }

  close(): void {
    this.closed = true
  }

  say(message: ServerMessage): void {
    this.onmessage?.({ data: encodeMessage(message) })
  }

  /** Plays a server that lets us in. */
  admit(sample: readonly PeerId[] = [], heartbeatMs = 25_000): void {
    this.onopen?.()
    this.say({ t: 'challenge', version: 1, nonce })
    this.say({ t: 'welcome', sample, heartbeatMs })
  }
}

/** A world whose clock stands still until it is moved. */
class FakeWorld {
  now = 0
  draw = 0.5
  blocked = false
  readonly sockets: FakeSocket[] = []
  readonly #timers = new Set<{ at: number; callback: () => void }>()

  openSocket(url: string): SocketLike {
    if (this.blocked) throw new Error('SecurityError')
    const socket = new FakeSocket(url)
    this.sockets.push(socket)
    return socket
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { at: this.now + delayMs, callback }
    this.#timers.add(timer)
    return () => void this.#timers.delete(timer)
  }

  random(): number {
    return this.draw
  }

  get timers(): number {
    return this.#timers.size
  }

  get last(): FakeSocket {
    return this.sockets.at(-1)!
  }

  pass(ms: number): void {
    const until = this.now + ms
    for (;;) {
      const due = [...this.#timers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0]
      if (due === undefined) break
      this.now = due.at
      this.#timers.delete(due)
      due.callback()
    }
    this.now = until
  }
}

function open(options: Partial<SignalingOptions> = {}) {
  const world = new FakeWorld()
  const heard: string[] = []
  const payloads: Uint8Array[] = []
  const client = new SignalingClient(
    { urls: ['ws://one.example/'], room: 'lobby', signer, sampleEveryMs: 0, ...options },
    world,
    {
      onConnected: (url, sample, ice) => heard.push(`connected ${url} ${sample.length} ${ice?.ttlMs ?? 'no ice'}`),
      onLost: (url, { code, retryInMs }) => heard.push(`lost ${url} ${code} ${retryInMs ?? 'never'}`),
      onSample: (sample) => heard.push(`sample ${sample.length}`),
      onSignal: (from, payload) => {
        heard.push(`signal ${from === other ? 'other' : 'stranger'}`)
        payloads.push(payload)
      },
      onAbsent: (to) => heard.push(`absent ${to === other ? 'other' : 'stranger'}`),
    },
  )
  return { world, heard, payloads, client }
}

describe('one server', () => {
  test('a challenge is answered with a signed join, and a welcome is a connection', () => {
    const { world, heard, client } = open({ token: 'ticket' })
    client.resume()
    expect(world.last.url).toBe('ws://one.example/?room=lobby')
    world.last.admit([other])
    const join = parseClientMessage(world.last.sent[0]!)
    const signed = joinBytes(nonce, 'one.example', 'lobby', me)
    expect(join).toMatchObject({ t: 'join', room: 'lobby', id: me, audience: 'one.example', token: 'ticket' })
    expect('signature' in join && fromBase64Url(join.signature)?.[0]).toBe(signed.length)
    expect(heard).toEqual(['connected ws://one.example/ 1 no ice'])
    expect(client.connected).toEqual(['ws://one.example/'])
  })

  test('TURN credentials come with the welcome', () => {
    const { world, heard, client } = open()
    client.resume()
    world.last.say({ t: 'challenge', version: 1, nonce })
    world.last.say({
      t: 'welcome',
      sample: [],
      heartbeatMs: 25_000,
      iceServers: [{ urls: ['stun:a'] }],
      iceTtlMs: 60_000,
    })
    expect(heard).toEqual(['connected ws://one.example/ 0 60000'])
  })

  test('signals go out and come in', () => {
    const { world, heard, payloads, client } = open()
    client.resume()
    world.last.admit()
    expect(client.signal(other, Uint8Array.of(1, 2, 3))).toBe(true)
    expect(parseClientMessage(world.last.sent.at(-1)!)).toEqual({ t: 'signal', to: other, data: 'AQID' })
    world.last.say({ t: 'signal', from: other, data: 'AQID' })
    world.last.say({ t: 'absent', to: other })
    expect(heard.slice(1)).toEqual(['signal other', 'absent other'])
    expect(payloads).toEqual([Uint8Array.of(1, 2, 3)])
    expect(client.framesSent).toBe(1)
  })

  test('a payload holds at its limit and not one over it', () => {
    const { world, client } = open()
    client.resume()
    world.last.admit()
    expect(client.signal(other, new Uint8Array(dataBytesMax))).toBe(true)
    expect(client.signal(other, new Uint8Array(dataBytesMax + 1))).toBe(false)
    expect(client.signal(other, new Uint8Array(0))).toBe(false)
  })

  test('nothing is sent before the welcome, nor into a clogged socket', () => {
    const { world, client } = open()
    client.resume()
    expect(client.signal(other, Uint8Array.of(1))).toBe(false)
    world.last.admit()
    world.last.bufferedAmount = 1_048_577
    expect(client.signal(other, Uint8Array.of(1))).toBe(false)
  })

  test('a fresh sample is asked for now and then, and on request', () => {
    const { world, heard, client } = open({ sampleEveryMs: 60_000 })
    client.resume()
    world.last.admit([], 600_000)
    client.requestSample()
    world.pass(60_000)
    expect(world.last.sent.filter((text) => text === '{"t":"sample"}')).toHaveLength(2)
    world.last.say({ t: 'sample', sample: [other] })
    expect(heard.at(-1)).toBe('sample 1')
  })
})

describe('nothing waits for ever', () => {
  test('a server that cannot be reached', () => {
    const { world, heard, client } = open()
    client.resume()
    world.last.onclose?.({ code: 1006 })
    expect(heard).toEqual(['lost ws://one.example/ ERR_SIGNALING_UNREACHABLE 250'])
    world.pass(250)
    expect(world.sockets).toHaveLength(2)
  })

  test('a server that accepts and then stays silent', () => {
    const { world, heard, client } = open()
    client.resume()
    world.last.onopen?.()
    world.pass(9_999)
    expect(heard).toEqual([])
    world.pass(1)
    expect(heard).toEqual(['lost ws://one.example/ ERR_SIGNALING_SILENT 250'])
    expect(world.sockets[0]!.closed).toBe(true)
  })

  test('a server that never answers at all', () => {
    const { world, heard, client } = open({ joinTimeoutMs: 1_000 })
    client.resume()
    world.pass(1_000)
    expect(heard).toEqual(['lost ws://one.example/ ERR_SIGNALING_SILENT 250'])
  })

  test('a server that falls silent later is asked, and given up when it does not answer', () => {
    const { world, heard, client } = open()
    client.resume()
    world.last.admit([], 10_000)
    world.pass(10_000)
    expect(world.last.sent.at(-1)).toBe('{"t":"ping"}')
    world.last.say({ t: 'pong' })
    world.pass(10_000)
    expect(heard).toHaveLength(1)
    world.pass(10_000)
    world.pass(10_000)
    expect(heard.at(-1)).toMatch('ERR_SIGNALING_SILENT')
  })

  test('a page that may not dial', () => {
    const { world, heard, client } = open()
    world.blocked = true
    client.resume()
    world.pass(0)
    expect(heard).toEqual(['lost ws://one.example/ ERR_SIGNALING_BLOCKED 250'])
  })

  test('a key that cannot sign', () => {
    const { world, heard, client } = open({ signer: { peerId: me, sign: (_bytes, done) => done(new Error('locked')) } })
    client.resume()
    world.last.say({ t: 'challenge', version: 1, nonce })
    expect(heard).toEqual(['lost ws://one.example/ ERR_SIGNALING_SIGNER 250'])
  })

  test.each([
    ['that is no JSON', 'hello'],
    ['of bytes', new ArrayBuffer(3)],
    ['that is too long', `"${'x'.repeat(70_000)}"`],
    ['before its turn', '{"t":"pong"}'],
  ])('a server with a frame %s', (_what, data) => {
    const { world, heard, client } = open()
    client.resume()
    world.last.onopen?.()
    world.last.onmessage?.({ data })
    expect(heard).toEqual(['lost ws://one.example/ ERR_SIGNALING_PROTOCOL 250'])
  })

  test('a server of another version', () => {
    const { world, heard, client } = open()
    client.resume()
    world.last.say({ t: 'challenge', version: 2, nonce })
    expect(heard).toEqual(['lost ws://one.example/ ERR_VERSION 250'])
  })
})

describe('coming back', () => {
  test('each failure waits longer, up to half a minute, and a welcome starts over', () => {
    const { world, heard, client } = open()
    world.draw = 0.999
    client.resume()
    const waits = (tries: number) =>
      Array.from({ length: tries }, () => {
        world.last.onclose?.({ code: 1006 })
        const wait = Number(heard.at(-1)!.split(' ').at(-1))
        world.pass(wait)
        return wait
      })
    // Whoever has never been in is in a hurry.
    expect(waits(8)).toEqual([499, 999, 1998, 1998, 1998, 1998, 29_970, 29_970])
    world.last.admit()
    expect(waits(8)).toEqual([499, 999, 1998, 3996, 7992, 15_984, 29_970, 29_970])
    world.last.admit()
    world.last.onclose?.({ code: 1006 })
    expect(heard.at(-1)).toBe('lost ws://one.example/ ERR_SIGNALING_CLOSED 499')
  })

  test('a server that says when is taken at its word', () => {
    const { world, heard, client } = open()
    client.resume()
    world.last.admit()
    world.last.say({ t: 'bye', code: 'ERR_SHUTDOWN', retryAfterMs: 4_000 })
    expect(heard.at(-1)).toBe('lost ws://one.example/ ERR_SHUTDOWN 4250')
    world.pass(4_249)
    expect(world.sockets).toHaveLength(1)
    world.pass(1)
    expect(world.sockets).toHaveLength(2)
  })

  test('who was replaced by a newer tab stays away until it is told otherwise', () => {
    const { world, heard, client } = open()
    client.resume()
    world.last.admit()
    world.last.say({ t: 'bye', code: 'ERR_REPLACED', retryAfterMs: 0 })
    expect(heard.at(-1)).toBe('lost ws://one.example/ ERR_REPLACED never')
    world.pass(3_600_000)
    expect(world.sockets).toHaveLength(1)
    client.resume()
    expect(world.sockets).toHaveLength(2)
  })

  test('a late word from a socket that was given up changes nothing', () => {
    const { world, heard, client } = open()
    client.resume()
    const { onmessage, onclose } = world.last
    world.pass(10_250)
    onmessage?.({ data: encodeMessage({ t: 'challenge', version: 1, nonce }) })
    onclose?.({ code: 1006 })
    expect(heard).toHaveLength(1)
    expect(world.sockets).toHaveLength(2)
  })

  test('a signature that comes too late is not used', () => {
    let finish: ((signature: Uint8Array) => void) | undefined
    const slow: Signer = { peerId: me, sign: (_bytes, done) => void (finish = done) }
    const { world, client } = open({ signer: slow })
    client.resume()
    const first = world.last
    first.say({ t: 'challenge', version: 1, nonce })
    world.pass(10_250)
    finish!(new Uint8Array(64))
    expect(first.sent).toEqual([])
    expect(world.last.sent).toEqual([])
  })
})

describe('leaving', () => {
  test('a pause says so and is quiet; a resume is back at once', () => {
    const { world, heard, client } = open({ sampleEveryMs: 60_000 })
    client.resume()
    world.last.admit()
    client.setWanted(false)
    expect(world.last.sent.at(-1)).toBe('{"t":"leave"}')
    expect(world.last.closed).toBe(true)
    expect(world.timers).toBe(0)
    world.pass(3_600_000)
    expect(heard).toHaveLength(1)
    client.setWanted(true)
    client.setWanted(true)
    expect(world.sockets).toHaveLength(2)
    world.last.admit()
    expect(heard).toHaveLength(2)
  })

  test('a stop is for good, twice, and from inside a callback', () => {
    const { world, client, heard } = open()
    client.resume()
    client.stop()
    client.stop()
    client.resume()
    expect(world.sockets).toHaveLength(1)
    expect(world.timers).toBe(0)
    expect(heard).toEqual([])
  })

  test('who stops when told of a loss is not dialled again', () => {
    const world = new FakeWorld()
    const none = () => {}
    const client: SignalingClient = new SignalingClient({ urls: ['ws://a/'], room: 'r', signer }, world, {
      onConnected: none,
      onSample: none,
      onSignal: none,
      onAbsent: none,
      onLost: () => client.stop(),
    })
    client.resume()
    world.last.onclose?.({ code: 1006 })
    world.pass(60_000)
    expect(world.sockets).toHaveLength(1)
    expect(world.timers).toBe(0)
  })
})

describe('several servers', () => {
  const urls = ['wss://one.example/a?x=1', 'wss://two.example/']

  test('all are used at once, and each is told its own name', () => {
    const { world, client } = open({ urls })
    client.resume()
    const [one, two] = world.sockets as [FakeSocket, FakeSocket]
    expect(one.url).toBe('wss://one.example/a?x=1&room=lobby')
    for (const socket of [one, two]) socket.admit()
    expect(parseClientMessage(one.sent[0]!)).toMatchObject({ audience: 'one.example' })
    expect(parseClientMessage(two.sent[0]!)).toMatchObject({ audience: 'two.example' })
    expect(client.connected).toHaveLength(2)
  })

  test('a signal goes through both, and what arrives through both is handed on once', () => {
    const { world, heard, client } = open({ urls })
    client.resume()
    const [one, two] = world.sockets as [FakeSocket, FakeSocket]
    for (const socket of [one, two]) socket.admit()
    client.signal(other, Uint8Array.of(1))
    expect(one.sent.at(-1)).toBe(two.sent.at(-1))
    for (const socket of [one, two]) socket.say({ t: 'signal', from: other, data: 'AQ' })
    expect(heard.filter((line) => line === 'signal other')).toHaveLength(1)
    // Said twice to one server, it was meant twice.
    one.say({ t: 'signal', from: other, data: 'AQ' })
    expect(heard.filter((line) => line === 'signal other')).toHaveLength(2)
  })

  test('a peer is absent when every server says so', () => {
    const { world, heard, client } = open({ urls })
    client.resume()
    const [one, two] = world.sockets as [FakeSocket, FakeSocket]
    for (const socket of [one, two]) socket.admit()
    client.signal(other, Uint8Array.of(1))
    one.say({ t: 'absent', to: other })
    expect(heard).not.toContain('absent other')
    two.say({ t: 'absent', to: other })
    expect(heard).toContain('absent other')
  })

  test('while one is down the other does the work', () => {
    const { world, heard, client } = open({ urls })
    client.resume()
    const [one, two] = world.sockets as [FakeSocket, FakeSocket]
    one.onclose?.({ code: 1006 })
    two.admit([other])
    expect(client.signal(other, Uint8Array.of(1))).toBe(true)
    two.say({ t: 'absent', to: other })
    expect(heard.at(-1)).toBe('absent other')
  })
})

describe('what is not an option is a typed error that says what is allowed', () => {
  const refused = (options: Partial<SignalingOptions>) => {
    try {
      open(options)
    } catch (error) {
      if (error instanceof SignalingError) return { code: error.code, message: error.message }
      throw error
    }
    return undefined
  }

  test.each([
    ['no address', []],
    ['nine addresses', Array.from({ length: 9 }, (_, n) => `ws://h${n}/`)],
    ['no URL', ['signal.example.org']],
    ['a URL of another kind', ['https://signal.example.org']],
    ['a password in the URL', ['wss://user:secret@signal.example.org']],
    ['a fragment in the URL', ['wss://signal.example.org/#room']],
  ])('%s', (_what, urls) => {
    expect(refused({ urls })?.code).toBe('ERR_SIGNALING_URL_INVALID')
  })

  test('a room name that is too long', () => {
    expect(refused({ room: 'x'.repeat(65) })).toEqual({
      code: 'ERR_ROOM_INVALID',
      message: 'A room name is 1 to 64 printable characters, at most 64 bytes as UTF-8.',
    })
  })

  test('a token that is too long', () => {
    expect(refused({ token: 'x'.repeat(4_097) })?.code).toBe('ERR_TOKEN_INVALID')
    expect(refused({ token: 'x'.repeat(4_096) })).toBeUndefined()
  })

  test('eight addresses are fine, and one given twice is one', () => {
    const { world, client } = open({ urls: [...Array.from({ length: 7 }, (_, n) => `ws://h${n}/`), 'ws://h0'] })
    client.resume()
    expect(world.sockets).toHaveLength(7)
  })
})
