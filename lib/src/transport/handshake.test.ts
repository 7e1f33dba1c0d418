import { readFileSync } from 'node:fs'
import { createHash, createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { nodeSigner, nodeVerifier } from '../../test/transport/inmates.ts'
import type { MeshId, PeerId } from '../identity/peer-id.ts'
import {
  authBytesMax,
  capabilityBytesMax,
  type Credentials,
  type Fingerprints,
  Handshake,
  type HandshakeCode,
  type HandshakeResult,
  errorOf,
  helloBytes,
  type Role,
} from './handshake.ts'

// No single case takes a second on an idle machine; a busy one must not fail it.
vi.setConfig({ testTimeout: 30_000 })

const fill = (byte: number, length = 32): Uint8Array => new Uint8Array(length).fill(byte)

const ada = nodeSigner(fill(1))
const bob = nodeSigner(fill(2))
const eve = nodeSigner(fill(3))
const room = fill(9) as MeshId
const prints: Record<Role, Uint8Array> = { initiator: fill(0xf1), responder: fill(0xf2) }

interface SideOptions extends Partial<Credentials> {
  readonly peer?: PeerId
  readonly prints?: Fingerprints
}

class Side {
  readonly handshake: Handshake
  readonly sent: Uint8Array[] = []
  readonly results: HandshakeResult[] = []
  readonly #prints: Fingerprints
  /** Where frames go; until it is set, they only pile up in `sent`. */
  wire: ((frame: Uint8Array) => void) | undefined

  constructor(role: Role, options: SideOptions = {}) {
    const own = role === 'initiator' ? ada : bob
    const far: Role = role === 'initiator' ? 'responder' : 'initiator'
    this.#prints = options.prints ?? { own: prints[role], peer: prints[far] }
    this.handshake = new Handshake({
      credentials: { meshId: room, signer: own, verifier: nodeVerifier, ...options },
      role,
      peer: options.peer ?? (role === 'initiator' ? bob : ada).peerId,
      nonce: fill(role === 'initiator' ? 0xa1 : 0xb1),
      send: (frame) => {
        this.sent.push(frame)
        this.wire?.(frame)
      },
      done: (result) => this.results.push(result),
    })
  }

  start(): this {
    this.handshake.start(this.#prints)
    return this
  }

  /** The end, in one word: `up`, a code, or undefined while it goes on. */
  get end(): string | undefined {
    const [result] = this.results
    return result === undefined ? undefined : result.ok ? 'up' : result.code
  }
}

/** Both sides over a channel that keeps order; `tamper` sees each frame, who sent it and which it is. */
function meet(
  a: SideOptions = {},
  b: SideOptions = {},
  tamper: (frame: Uint8Array, from: Role, index: number) => Uint8Array | undefined = (frame) => frame,
): { a: Side; b: Side } {
  const sides = { initiator: new Side('initiator', a), responder: new Side('responder', b) }
  const queue: (() => void)[] = []
  for (const role of ['initiator', 'responder'] as const) {
    const far = sides[role === 'initiator' ? 'responder' : 'initiator']
    let index = 0
    sides[role].wire = (frame) => {
      const passed = tamper(frame.slice(), role, index++)
      if (passed !== undefined) queue.push(() => far.handshake.receive(passed))
    }
  }
  sides.initiator.start()
  sides.responder.start()
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) next()
  return { a: sides.initiator, b: sides.responder }
}

const ends = ({ a, b }: { a: Side; b: Side }): (string | undefined)[] => [a.end, b.end]

describe('two honest peers', () => {
  test('are both up, in one session, after three frames each', () => {
    const { a, b } = meet()
    expect(ends({ a, b })).toEqual(['up', 'up'])
    expect(a.results).toEqual(b.results)
    expect([a.sent.map((frame) => frame.length), b.sent.map((frame) => frame.length)]).toEqual([
      [helloBytes, 68, 1],
      [helloBytes, 68, 1],
    ])
  })

  test('have another session when any one of room, keys, nonces or fingerprints is another', () => {
    const session = (a: SideOptions, b: SideOptions): string => {
      const [result] = meet(a, b).a.results
      if (result?.ok !== true) throw new Error('they should be up')
      return Buffer.from(result.session).toString('hex')
    }
    const other = { own: fill(7), peer: prints.responder }
    const sessions = [
      session({}, {}),
      session({ meshId: fill(8) as MeshId }, { meshId: fill(8) as MeshId }),
      session({ signer: eve }, { peer: eve.peerId }),
      session({ prints: other }, { prints: { own: other.peer, peer: other.own } }),
    ]
    expect(new Set(sessions).size).toBe(sessions.length)
  })

  test('may start at different times: what comes before our own channel is open waits', () => {
    const a = new Side('initiator').start()
    const b = new Side('responder')
    b.handshake.receive(a.sent[0]!)
    expect(b.sent).toEqual([])
    b.start()
    expect(b.sent.map((frame) => frame.length)).toEqual([helloBytes, 68])
  })
})

describe('what is checked, in this order', () => {
  // Each line breaks what its line says and everything below it too: the first check that fails names the end.
  const hello = (change: (frame: Uint8Array) => void): Uint8Array => {
    const frame = new Side('responder').start().sent[0]!.slice()
    change(frame)
    return frame
  }
  const cases: [HandshakeCode, (frame: Uint8Array) => void][] = [
    ['HS_MAGIC', (frame) => frame.fill(0)],
    ['HS_VERSION', (frame) => frame.fill(0, 4)],
    ['HS_ROLE', (frame) => frame.set([1, 0], 4)],
    ['HS_WRONG_PEER', (frame) => frame.fill(0, 6)],
  ]
  test.each(cases)('%s', (code, change) => {
    const a = new Side('initiator').start()
    a.handshake.receive(hello(change))
    expect(a.end).toBe(code)
  })

  test.each([0, 1, helloBytes - 1, helloBytes + 1, 100_000])('a HELLO of %i bytes is refused', (length) => {
    const a = new Side('initiator').start()
    a.handshake.receive(new Uint8Array(length))
    expect(a.end).toBe('HS_LENGTH')
    const early = new Side('initiator')
    early.handshake.receive(new Uint8Array(length))
    expect(early.end).toBe('HS_LENGTH')
  })

  test('a reflection of our own HELLO is refused for its role, and with the role changed for its key', () => {
    const a = new Side('initiator').start()
    a.handshake.receive(a.sent[0]!)
    expect(a.end).toBe('HS_ROLE')
    const again = new Side('initiator').start()
    const reflected = again.sent[0]!.slice()
    reflected[5] = 1
    again.handshake.receive(reflected)
    expect(again.end).toBe('HS_SELF')
  })

  test('a valid key that is not the one we dialled is refused', () => {
    expect(meet({}, { signer: eve }).a.end).toBe('HS_WRONG_PEER')
    expect(meet({ peer: eve.peerId }).a.end).toBe('HS_WRONG_PEER')
  })

  test('the secret is checked before the signature, and the signature before admission', () => {
    const spoil = (frame: Uint8Array, from: Role, index: number): Uint8Array => {
      if (from === 'responder' && index === 1) frame[1]! ^= 1
      return frame
    }
    const admit: Credentials['admit'] = (_peer, _bytes, done) => done('ERR_TEST')
    const wrong = { prove: fill(6), accept: [fill(5)] }
    const right = { prove: fill(5), accept: [fill(5)] }
    expect(meet({ psk: right, admit }, { psk: wrong }, spoil).a.end).toBe('HS_PSK')
    expect(meet({ psk: right, admit }, { psk: right }, spoil).a.end).toBe('HS_SIGNATURE')
    const { a } = meet({ psk: right, admit }, { psk: right })
    expect(a.results[0]).toEqual({ ok: false, code: 'HS_ADMISSION', error: 'ERR_TEST' })
  })

  test('after a failure nothing more is sent, whatever comes', () => {
    const a = new Side('initiator').start()
    a.handshake.receive(new Uint8Array(1))
    const sent = a.sent.length
    for (const frame of new Side('responder').start().sent) a.handshake.receive(frame)
    a.handshake.expire()
    a.handshake.abort('HS_CLOSED')
    expect([a.sent.length, a.results.length]).toEqual([sent, 1])
  })
})

describe('what is bound', () => {
  test('other fingerprints at either end, as with somebody in the middle, fail both signatures', () => {
    const middle = fill(0xee)
    const a = { prints: { own: prints.initiator, peer: middle } }
    const b = { prints: { own: prints.responder, peer: middle } }
    expect(ends(meet(a, b))).toEqual(['HS_SIGNATURE', 'HS_SIGNATURE'])
    expect(ends(meet(a, {}))).toEqual(['HS_SIGNATURE', 'HS_SIGNATURE'])
    const swapped = { prints: { own: prints.responder, peer: prints.initiator } }
    expect(ends(meet(swapped, {}))).toEqual(['HS_SIGNATURE', 'HS_SIGNATURE'])
  })

  test('another room fails the signature', () => {
    expect(ends(meet({ meshId: fill(8) as MeshId }, {}))).toEqual(['HS_SIGNATURE', 'HS_SIGNATURE'])
  })

  test('an AUTH of an earlier handshake fails the signature', () => {
    const earlier = meet({}, { prints: { own: fill(4), peer: prints.initiator } }).b.sent[1]!
    const replay = meet({}, {}, (frame, from, index) => (from === 'responder' && index === 1 ? earlier : frame))
    expect(replay.a.end).toBe('HS_SIGNATURE')
  })

  test('our own AUTH sent back to us fails the signature', () => {
    const a = new Side('initiator').start()
    a.handshake.receive(new Side('responder').start().sent[0]!)
    a.handshake.receive(a.sent[1]!)
    expect(a.end).toBe('HS_SIGNATURE')
  })

  test('any single bit changed in any HELLO, AUTH or FINISH keeps the link down at one end at least', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<Role>('initiator', 'responder'),
        fc.nat({ max: 2 }),
        fc.nat({ max: 8 * helloBytes - 1 }),
        (victim, which, bit) => {
          const met = meet({}, {}, (frame, from, index) => {
            const at = bit % (8 * frame.length)
            if (from === victim && index === which) frame[at >> 3]! ^= 1 << (at & 7)
            return frame
          })
          // FINISH is the last word: the side that sent it may be up already, its reader never is.
          const reader = victim === 'initiator' ? met.b : met.a
          expect(reader.end).not.toBe('up')
          if (which < 2) expect(ends(met)).not.toContain('up')
        },
      ),
      { numRuns: 300 },
    )
  })
})

describe('a link is up only when both accept', () => {
  test('a side whose peer refused it never is', () => {
    const { a, b } = meet({}, { admit: (_peer, _bytes, done) => done('ERR_TEST') })
    expect(a.end).toBeUndefined()
    expect(b.end).toBe('HS_ADMISSION')
    a.handshake.abort('HS_CLOSED')
    expect(a.end).toBe('HS_CLOSED')
  })

  test('a side that has accepted waits for FINISH', () => {
    const { a, b } = meet({}, {}, (frame, from, index) => (from === 'responder' && index === 2 ? undefined : frame))
    expect(ends({ a, b })).toEqual([undefined, 'up'])
    a.handshake.expire()
    expect(a.end).toBe('HS_TIMEOUT')
  })

  test('a frame before its time, or one too many, ends it', () => {
    const twice = meet({}, {}, (frame) => frame)
    expect(ends(twice)).toEqual(['up', 'up'])
    const early = new Side('initiator')
    const hello = new Side('responder').start().sent[0]!
    early.handshake.receive(hello)
    early.handshake.receive(hello)
    expect(early.end).toBe('HS_UNEXPECTED')
    // A third frame while the second is still being verified.
    let answer: ((valid: boolean) => void) | undefined
    const slow = {
      verifier: { verify: (_k: unknown, _m: unknown, _s: unknown, done: typeof answer) => void (answer = done) },
    }
    const { a } = meet(slow as SideOptions, {})
    expect(a.end).toBeUndefined()
    a.handshake.receive(new Uint8Array([3]))
    a.handshake.receive(new Uint8Array([3]))
    expect(a.end).toBe('HS_UNEXPECTED')
    answer?.(true)
    expect(a.results.length).toBe(1)
  })

  test('FINISH before our AUTH has left is refused', () => {
    const signer = { peerId: ada.peerId, sign: () => {} }
    const { a, b } = meet({ signer }, {})
    expect(ends({ a, b })).toEqual([undefined, undefined])
    a.handshake.receive(new Uint8Array([3]))
    expect(a.end).toBe('HS_UNEXPECTED')
  })

  test('keys that answer late change nothing', async () => {
    const later = (signer: typeof ada): typeof ada => ({
      peerId: signer.peerId,
      sign: (message, done) => signer.sign(message, (signature) => void Promise.resolve().then(() => done(signature))),
    })
    const a = new Side('initiator', { signer: later(ada) })
    const b = new Side('responder', { signer: later(bob) })
    a.wire = (frame) => b.handshake.receive(frame)
    b.wire = (frame) => a.handshake.receive(frame)
    b.start()
    a.start()
    await new Promise((resolve) => setImmediate(resolve))
    expect(ends({ a, b })).toEqual(['up', 'up'])
  })

  test('a key that will not sign ends it', () => {
    const signer = {
      peerId: ada.peerId,
      sign: (_: Uint8Array, done: (error: Error) => void) => done(new Error('locked')),
    }
    expect(meet({ signer }).a.end).toBe('HS_SIGNER')
    const short = { peerId: ada.peerId, sign: (_: Uint8Array, done: (s: Uint8Array) => void) => done(fill(0, 63)) }
    expect(meet({ signer: short }).a.end).toBe('HS_SIGNER')
  })
})

describe('the room’s secret', () => {
  const secret = (prove: number, ...accept: number[]) => ({
    psk: { prove: fill(prove), accept: accept.map((n) => fill(n)) },
  })

  test('links those who know it, and those who know the one before or after it', () => {
    expect(ends(meet(secret(1, 1), secret(1, 1)))).toEqual(['up', 'up'])
    expect(ends(meet(secret(1, 1, 2), secret(2, 1, 2)))).toEqual(['up', 'up'])
  })

  test('refuses who knows another, or none, or proves one where none is asked', () => {
    expect(ends(meet(secret(1, 1), secret(2, 2)))).toEqual(['HS_PSK', 'HS_PSK'])
    expect(meet(secret(1, 1), {}).a.end).toBe('HS_PSK')
    expect(meet({}, secret(1, 1)).a.end).toBe('HS_PSK')
    expect(meet(secret(1), secret(1, 1)).a.end).toBe('HS_PSK')
  })

  test('is proved for one role: a proof sent back is no proof', () => {
    const psk = secret(1, 1)
    const a = new Side('initiator', psk).start()
    a.handshake.receive(new Side('responder').start().sent[0]!)
    a.handshake.receive(a.sent[1]!)
    expect(a.end).toBe('HS_PSK')
  })
})

describe('a capability', () => {
  test('arrives as it was given, at its longest too', () => {
    for (const length of [0, 1, capabilityBytesMax]) {
      const capability = fill(0xca, length)
      const seen: [PeerId, Uint8Array][] = []
      const admit: Credentials['admit'] = (peer, bytes, done) => {
        seen.push([peer, bytes.slice()])
        done(undefined)
      }
      expect(ends(meet({ admit }, { capability }))).toEqual(['up', 'up'])
      expect(seen).toEqual([[bob.peerId, capability]])
    }
  })

  test('of one byte more is our own mistake to give, and refused when it comes', () => {
    expect(() => new Side('initiator', { capability: fill(0, capabilityBytesMax + 1) })).toThrow(RangeError)
    const a = new Side('initiator').start()
    a.handshake.receive(new Side('responder').start().sent[0]!)
    const auth = new Uint8Array(68 + capabilityBytesMax + 1)
    auth.set([2])
    auth.set([4, 1], 66)
    a.handshake.receive(auth)
    expect(a.end).toBe('HS_LENGTH')
  })
})

test('no bytes in any order make it throw, and none but the peer’s own bring it up', () => {
  const frame = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.uint8Array({ minLength: helloBytes, maxLength: helloBytes }),
    fc.uint8Array({ minLength: 67, maxLength: 67 }).map((bytes) => Uint8Array.of(2, ...bytes)),
    fc.constantFrom(Uint8Array.of(3), new Side('responder').start().sent[0]!),
  )
  fc.assert(
    fc.property(fc.array(frame, { maxLength: 5 }), fc.nat({ max: 5 }), (frames, opensAt) => {
      const a = new Side('initiator')
      frames.forEach((bytes, i) => {
        if (i === opensAt) a.start()
        a.handshake.receive(bytes)
      })
      expect(a.end).not.toBe('up')
    }),
  )
})

test('every code has its word for the application', () => {
  for (const error of Object.values(errorOf)) expect(error).toMatch(/^ERR_[A-Z_]+$/)
  expect(authBytesMax).toBe(1_124)
})

test('a broken invariant of our own throws at once', () => {
  expect(() => new Side('initiator', { meshId: fill(1, 31) as MeshId })).toThrow('32 bytes')
  expect(() => new Side('initiator', { psk: { prove: fill(0, 0), accept: [] } })).toThrow('secret')
  const signer = { ...ada, peerId: 'nobody' as PeerId }
  expect(() => new Side('initiator', { signer })).toThrow('peer id')
})

describe('the test vectors in docs/protocol/handshake.md', () => {
  const page = readFileSync(new URL('../../../docs/protocol/handshake.md', import.meta.url), 'utf8')
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
  const capability = new TextEncoder().encode('cap')
  const psk = { prove: fill(0x5e), accept: [fill(0x5e)] }
  const { a, b } = meet({ psk, capability }, { psk })
  const [result] = a.results

  test('are what this code says', () => {
    if (result?.ok !== true) throw new Error('they should be up')
    const lines = [
      `HELLO_I  ${hex(a.sent[0]!)}`,
      `HELLO_R  ${hex(b.sent[0]!)}`,
      `th       ${hex(result.session)}`,
      `AUTH_I   ${hex(a.sent[1]!)}`,
      `AUTH_R   ${hex(b.sent[1]!)}`,
      `FINISH   ${hex(a.sent[2]!)}`,
    ]
    expect(page).toContain(lines.join('\n'))
  })

  test('are what the page’s words say, computed by another library', () => {
    if (result?.ok !== true) throw new Error('they should be up')
    const text = (words: string): Buffer => Buffer.from(words, 'latin1')
    const th = createHash('sha256')
      .update(Buffer.concat([text('shoal/hs/1\0'), room, a.sent[0]!, b.sent[0]!, prints.initiator, prints.responder]))
      .digest()
    expect(hex(result.session)).toBe(th.toString('hex'))
    const mac = createHmac('sha256', psk.prove)
      .update(Buffer.concat([text('shoal/hs/1/psk/I\0'), th]))
      .digest('hex')
    expect(hex(a.sent[1]!).slice(2 * 66, 2 * 98)).toBe(mac)
    expect(hex(a.sent[1]!).slice(2 * 98)).toBe(`0003${hex(capability)}`)
    let valid: boolean | undefined
    const signed = Buffer.concat([text('shoal/hs/1/sig/I\0'), th])
    nodeVerifier.verify(a.sent[0]!.slice(6, 38), signed, a.sent[1]!.slice(1, 65), (answer) => (valid = answer))
    expect(valid).toBe(true)
  })
})
