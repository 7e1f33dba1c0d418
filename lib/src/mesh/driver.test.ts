import { describe, expect, test } from 'vitest'
import { ManualTime } from '../../test/mesh/manual-host.ts'
import type { CoreEvent, CoreMember, Effect } from '../core/effect.ts'
import type { DraftClaim, Input, LinkId } from '../core/input.ts'
import type { Claim, Message } from '../core/message.ts'
import type { Verified } from '../identity/claim.ts'
import type { Millis } from '../identity/millis.ts'
import type { PeerId } from '../identity/peer-id.ts'
import type { Link, TransportEvents } from '../transport/port.ts'
import { Alarms } from './alarms.ts'
import { Driver, type DriverParts, type Machine } from './driver.ts'

const bob = 'bob' as PeerId

/** A core that answers each kind of input with the effects it was told to, and remembers what it heard. */
class ScriptedCore implements Machine {
  readonly heard: Input[] = []
  readonly answers = new Map<Input['type'], (input: never) => readonly Effect[]>()
  dueAt: Millis | undefined

  start(): readonly Effect[] {
    return []
  }

  handle(input: Input): readonly Effect[] {
    this.heard.push(input)
    return this.answers.get(input.type)?.(input as never) ?? []
  }

  deadline(): Millis | undefined {
    return this.dueAt
  }

  members(): ReadonlyMap<PeerId, CoreMember> {
    return new Map()
  }

  on<T extends Input['type']>(type: T, answer: (input: Extract<Input, { type: T }>) => readonly Effect[]): void {
    this.answers.set(type, answer)
  }

  types(): string[] {
    return this.heard.map(({ type }) => type)
  }
}

class FakeLink implements Link {
  readonly peer: PeerId = bob
  readonly initiator = true
  readonly session = new Uint8Array(32)
  readonly sent: Uint8Array[] = []
  bufferedBytes = 0
  stuck = false
  closed = false
  onDrain: (() => void) | undefined
  onFrame: ((frame: Uint8Array) => void) | undefined
  onClose: ((code: string) => void) | undefined

  send(frame: Uint8Array): void {
    this.sent.push(frame)
    if (this.stuck) this.bufferedBytes += frame.length
  }

  close(): void {
    if (this.closed) return
    this.closed = true
    this.onClose?.('ERR_LINK_CLOSED')
  }
}

function world() {
  const time = new ManualTime()
  const host = time.host()
  const alarms = new Alarms(host)
  const core = new ScriptedCore()
  const events: CoreEvent[] = []
  const broken: unknown[] = []
  const calls: string[] = []
  let transport: TransportEvents | undefined
  /** Frames under verification: answered when the test says so. */
  const verifying: (() => void)[] = []
  const sealing: ((claim: Verified<Claim> | Error) => void)[] = []
  const parts: DriverParts = {
    core,
    host,
    alarms,
    openPipeline: (deliver) => ({
      setClock: (offset) => calls.push(`clock ${offset}`),
      openLink: (link) => calls.push(`open ${link}`),
      receive: (link, frame) =>
        verifying.push(() =>
          deliver({ type: 'received', link, message: { type: 'frame', frame } as unknown as Message }),
        ),
      endLink: (_link, done) => verifying.push(done),
      encode: (message) => {
        if (message.type === 'gossip') calls.push(`encode ${JSON.stringify(message)}`)
        return (message as unknown as { bytes?: Uint8Array }).bytes ?? new Uint8Array(1)
      },
      seal: (_draft, done) => sealing.push(done),
    }),
    openTransport: (given) => {
      transport = given
      return {
        dial: (peer) => calls.push(`dial ${peer}`),
        abandon: (peer) => calls.push(`abandon ${peer}`),
        signal: (from) => calls.push(`signal ${from}`),
        close: () => calls.push('transport.close'),
      }
    },
    door: {
      setWanted: (wanted) => calls.push(`door ${wanted}`),
      signal: (to) => {
        calls.push(`door signal ${to}`)
        return false
      },
      stop: () => calls.push('door.stop'),
    },
    onEvent: (event) => events.push(event),
    onAnnounced: () => {},
    onBroken: (error) => broken.push(error),
  }
  const driver = new Driver(parts)
  return { time, host, alarms, core, driver, events, broken, calls, verifying, sealing, transport: transport! }
}

function message(bytes: number): Message {
  return { bytes: new Uint8Array(bytes) } as unknown as Message
}

describe('the loop', () => {
  test('tells the clock before anything else, then starts the core and goes to the door', () => {
    const { core, driver, calls } = world()
    driver.start()
    expect(core.types()).toEqual(['clock'])
    // Link 0 stands for the server.
    expect(calls).toEqual(['clock 1700000000000', 'open 0', 'door true'])
  })

  test('ticks when the deadline is reached, and not before', async () => {
    const { core, driver, time } = world()
    core.dueAt = 1000 as Millis
    driver.start()
    await time.pass(999)
    expect(core.types()).toEqual(['clock'])
    core.on('tick', () => {
      core.dueAt = undefined
      return []
    })
    await time.pass(1)
    expect(core.types()).toEqual(['clock', 'tick'])
    await time.pass(10_000)
    expect(core.types()).toEqual(['clock', 'tick'])
  })

  test('an input that arrives while another is handled waits until every effect of the first is performed', () => {
    const { core, driver, events, transport, calls } = world()
    core.on('resumed', () => [
      { type: 'door-signal', to: bob, payload: new Uint8Array(1) },
      { type: 'notify', event: { type: 'isolated' } },
    ])
    core.on('dial-failed', () => [{ type: 'notify', event: { type: 'reconnected' } }])
    driver.start()
    driver.handle({ type: 'resumed' })
    // The door took nothing, so a `dial-failed` came from within.
    expect(core.types()).toEqual(['clock', 'resumed', 'dial-failed'])
    // Its offer reached nobody, so the transport need not wait for an answer.
    expect(calls).toContain('abandon bob')
    expect(events.map(({ type }) => type)).toEqual(['isolated', 'reconnected'])
    transport.onFailure(bob, 'ERR_X')
    expect(core.types().at(-1)).toBe('dial-failed')
  })

  test('a stall of more than five seconds is told before the tick that it delayed', async () => {
    const { core, driver, time } = world()
    core.dueAt = 1000 as Millis
    core.on('tick', () => {
      core.dueAt = (time.nowMs + 1000) as Millis
      return []
    })
    driver.start()
    await time.pass(3000)
    time.freeze(20_000)
    await time.pass(0)
    expect(core.types()).toEqual(['clock', 'tick', 'tick', 'tick', 'resumed', 'tick'])
  })

  test('a core that throws is reported once, and nothing is left running', () => {
    const { core, driver, broken, calls, alarms } = world()
    core.on('resumed', () => {
      throw new Error('believed that 1 = 2')
    })
    driver.start()
    driver.handle({ type: 'resumed' })
    driver.handle({ type: 'resumed' })
    expect(broken).toHaveLength(1)
    expect(calls.slice(-2)).toEqual(['transport.close', 'door.stop'])
    expect(alarms.size).toBe(0)
  })
})

test('a key that will not sign is reported, and ends it', () => {
  const { core, driver, broken, sealing, calls } = world()
  core.on('resumed', () => [{ type: 'seal', draft: {} as DraftClaim }])
  driver.start()
  driver.handle({ type: 'resumed' })
  sealing[0]!(new Error('the key is gone'))
  expect(broken).toEqual([new Error('the key is gone')])
  expect(calls).toContain('transport.close')
})

test('a leave that was signed in advance goes out even while a turn is in the middle, for a browser that aborts one', () => {
  const { core, driver, sealing, transport, calls } = world()
  const leave = { type: 'leave' } as unknown as Verified<Claim>
  core.on('tick', () => [{ type: 'seal', draft: { type: 'leave' } as unknown as DraftClaim }])
  driver.start()
  const links = [new FakeLink(), new FakeLink(), new FakeLink(), new FakeLink()]
  for (const link of links) transport.onLink(link)
  driver.handle({ type: 'tick' })
  sealing[0]!(leave)
  core.on('leave', () => {
    driver.sayGoodbye()
    return []
  })
  driver.handle({ type: 'leave' })
  const said = { type: 'gossip', claims: [leave] }
  expect(links.map(({ sent }) => sent.length)).toEqual([1, 1, 1, 1])
  expect(calls.filter((call) => call.startsWith('encode'))).toEqual([`encode ${JSON.stringify(said)}`])
  expect(calls.filter((call) => call.startsWith('door signal'))).toHaveLength(3)
})

test('whoever has signed no leave yet has nothing to say', () => {
  const { driver, transport } = world()
  driver.start()
  const link = new FakeLink()
  transport.onLink(link)
  driver.sayGoodbye()
  expect(link.sent).toEqual([])
})

describe('a link', () => {
  function linked() {
    const made = world()
    const link = new FakeLink()
    made.driver.start()
    made.transport.onLink(link)
    return { ...made, link, id: 1 as LinkId }
  }

  test('that closes is told after what it said last has been verified', () => {
    const { link, core, verifying } = linked()
    link.onFrame!(new Uint8Array(3))
    link.onClose!('ERR_LINK_CLOSED')
    expect(core.types()).toEqual(['clock', 'link-opened'])
    for (const answer of verifying) answer()
    expect(core.types()).toEqual(['clock', 'link-opened', 'received', 'link-closed'])
  })

  test('with more than 1 MB waiting is hung up with ERR_SLOW_LINK', () => {
    const { link, core, driver, verifying, id } = linked()
    link.stuck = true
    core.on('resumed', () => [{ type: 'send', link: id, message: message(600_000), priority: 'data' }])
    driver.handle({ type: 'resumed' })
    expect(link.closed).toBe(false)
    driver.handle({ type: 'resumed' })
    expect(link.closed).toBe(true)
    expect(driver.closeCode(bob)).toBe('ERR_SLOW_LINK')
    verifying[0]!()
    expect(core.types().at(-1)).toBe('link-closed')
  })

  test('is hung up after the channel has taken what was sent on it', async () => {
    const { link, core, driver, time, id } = linked()
    link.bufferedBytes = 100_000
    core.on('resumed', () => [
      { type: 'send', link: id, message: message(10), priority: 'data' },
      { type: 'hang-up', link: id, code: 'ERR_SURPLUS' },
    ])
    driver.handle({ type: 'resumed' })
    await time.pass(200)
    expect(link.closed).toBe(false)
    link.bufferedBytes = 0
    link.onDrain!()
    await time.pass(30)
    expect(link.sent).toHaveLength(1)
    expect(link.closed).toBe(true)
    expect(driver.closeCode(bob)).toBe('ERR_SURPLUS')
  })

  test('is hung up after a second at most, even if the other side takes nothing', async () => {
    const { link, core, driver, time, id } = linked()
    link.bufferedBytes = 100_000
    core.on('resumed', () => [
      { type: 'send', link: id, message: message(10), priority: 'data' },
      { type: 'hang-up', link: id, code: 'ERR_SURPLUS' },
    ])
    driver.handle({ type: 'resumed' })
    await time.pass(1000)
    expect(link.closed).toBe(true)
  })

  test('counts its bytes, and they stay counted when it is gone', () => {
    const { link, core, driver, id } = linked()
    core.on('resumed', () => [{ type: 'send', link: id, message: message(10), priority: 'probe' }])
    driver.handle({ type: 'resumed' })
    link.onFrame!(new Uint8Array(3))
    const sums = { bytesSent: 10, bytesReceived: 3, framesSent: 1, framesReceived: 1 }
    expect(driver.totals()).toEqual(sums)
    link.close()
    expect([...driver.links]).toEqual([])
    expect(driver.totals()).toEqual(sums)
  })

  test('that is open when the driver stops is told nothing, and leaves no alarm', () => {
    const { link, driver, alarms, core, calls } = linked()
    driver.stop()
    link.close()
    driver.handle({ type: 'resumed' })
    expect(core.types()).toEqual(['clock', 'link-opened'])
    expect(calls).toContain('transport.close')
    expect(alarms.size).toBe(0)
  })
})
