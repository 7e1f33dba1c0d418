import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { alive, signaling, Waters } from '../../../test/mesh/waters.ts'
import { settle } from '../../../test/mesh/manual-host.ts'
import type { Metadata } from '../../mesh/mesh.ts'
import { joinOn } from '../../mesh/join.ts'
import { runOwner } from './owner.ts'
import { type Console, exitCodes, runPeer } from './peer.ts'
import { clean } from './terminal.ts'

/** A keyboard. */
class Typed implements AsyncIterable<string> {
  readonly #lines: string[] = []
  #wake: () => void = () => {}
  #ended = false

  type(line: string): void {
    this.#lines.push(line)
    this.#wake()
  }

  end(): void {
    this.#ended = true
    this.#wake()
  }

  async *[Symbol.asyncIterator](): AsyncIterator<string> {
    for (;;) {
      const line = this.#lines.shift()
      if (line !== undefined) yield line
      else if (this.#ended) return
      else await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }
}

function terminal(waters: Waters) {
  let shown = ''
  let complaints = ''
  const keyboard = new Typed()
  const stop = new AbortController()
  const console: Console = {
    screen: {
      write: (text) => void (shown += text),
      colours: false,
      now: () => waters.time.wallMs + waters.time.nowMs,
    },
    complain: (text) => void (complaints += `${text}\n`),
    lines: keyboard,
    stop: stop.signal,
    join: (room, options) => joinOn<Metadata>(waters.platform, room, options),
  }
  return {
    console,
    keyboard,
    stop,
    /** What was printed, without the times and in single spaces. */
    lines: () =>
      shown
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => line.replace(/^\d\d:\d\d:\d\d +/, '').replaceAll(/ +/g, ' ')),
    get shown() {
      return shown
    },
    get complaints() {
      return complaints
    },
  }
}

const room = ['--room', 'lobby', '--signaling', signaling]

describe('a peer in a terminal', () => {
  test('prints who comes and what is said, says what is typed, and leaves on Ctrl-C', async () => {
    const waters = new Waters()
    const ada = await waters.join({ metadata: { name: 'Ada' }, zone: 'eu-west' })
    const heard: unknown[] = []
    ada.addEventListener('message', ({ detail }) => heard.push(detail.data))

    const it = terminal(waters)
    const running = runPeer([...room, '--name', 'Edge', '--zone', 'rack-7'], it.console)
    await waters.until(() => alive(ada) === 2 && it.shown.includes('joined'))
    it.keyboard.type('hello from a terminal')
    await waters.until(() => heard.length === 1)
    expect(heard).toEqual(['hello from a terminal'])
    await waters.during(ada.broadcast({ stroke: [1, 2], bytes: new Uint8Array(3) }))
    await waters.during(ada.broadcast('hello'))
    await waters.until(() => it.shown.includes('hello'))
    await waters.during(ada.leave())
    await waters.until(() => it.shown.includes(' left '))

    it.stop.abort()
    expect(await waters.during(running)).toBe(exitCodes.ok)
    const short = ada.id.slice(0, 6)
    expect(it.lines().slice(1)).toEqual([
      `joined ${short} Ada eu-west`,
      `says ${short} Ada {"bytes":"3 bytes","stroke":[1,2]}`,
      `says ${short} Ada hello`,
      `left ${short} Ada`,
    ])
    expect(it.lines()[0]).toMatch(/^here \S{6} Edge in lobby$/)
    expect(it.complaints).toBe('')
    expect(waters.time.hosts.size).toBe(0)
  })

  test('says so when nobody is there to hear, and leaves at the end of its input only when told to', async () => {
    const waters = new Waters()
    const staying = terminal(waters)
    const leaving = terminal(waters)
    const stays = runPeer([...room, '--quiet'], staying.console)
    await waters.time.pass(100)
    staying.keyboard.type('is anybody there?')
    staying.keyboard.end()
    await waters.time.pass(1000)
    expect(staying.complaints).toBe('Nobody else is here to hear it.\n')
    const leaves = runPeer([...room, '--leave-on-eof'], leaving.console)
    leaving.keyboard.end()
    expect(await waters.during(leaves)).toBe(exitCodes.ok)
    staying.stop.abort()
    expect(await waters.during(stays)).toBe(exitCodes.ok)
    expect(staying.shown).toBe('')
  })

  test('enters a room with an owner by its files, brings a list along, and says who was revoked', async () => {
    const waters = new Waters()
    const folder = await mkdtemp(join(tmpdir(), 'shoal-peer-'))
    const file = (name: string) => join(folder, name)
    const now = waters.time.host().wall()
    const owns = (...args: string[]) =>
      runOwner(args, { write: () => {}, complain: (text) => expect.fail(text), now: () => now })
    await owns('key', file('owner.json'))
    const owner = ['--key', file('owner.json'), '--room', 'lobby']
    for (const name of ['ada', 'bob', 'dan']) {
      await owns('key', file(name))
      const { id } = JSON.parse(await readFile(file(name), 'utf8')) as { id: string }
      await owns('issue', ...owner, '--to', id, '--out', file(`${name}.cap`))
    }
    await owns('revoke', ...owner, '--list', file('list'), '--capability', file('bob.cap'))
    const enter = (name: string) => ['--identity', file(name), '--capability', file(`${name}.cap`), '--name', name]

    const bob = terminal(waters)
    const bobs = runPeer([...room, ...enter('bob')], bob.console)
    // Files are read in real time.
    const here = async (peer: ReturnType<typeof terminal>) => {
      while (!peer.shown.includes('here')) {
        await settle()
        await waters.time.pass(10)
      }
    }
    await here(bob)
    const dan = terminal(waters)
    const dans = runPeer([...room, ...enter('dan')], dan.console)
    await here(dan)
    await waters.until(() => / joined .* bob/.test(dan.shown))
    const ada = terminal(waters)
    const adas = runPeer([...room, ...enter('ada'), '--revocations', file('list'), '--fail-closed'], ada.console)
    await here(ada)
    expect(await waters.during(bobs)).toBe(exitCodes.software)
    expect(bob.complaints).toContain('ERR_CAPABILITY_REVOKED')
    await waters.until(() => / revoked .* bob/.test(dan.shown))
    expect(dan.shown).toContain('revocations, number 1')
    for (const [peer, running] of [
      [ada, adas],
      [dan, dans],
    ] as const) {
      peer.stop.abort()
      expect(await waters.during(running)).toBe(exitCodes.ok)
    }
    await rm(folder, { recursive: true })
  })

  test.each([
    ['no key', ['--identity', '/nowhere'], exitCodes.noInput, 'There is no file /nowhere.'],
    ['a list without a capability', ['--revocations', '/nowhere'], exitCodes.usage, 'needs --capability'],
  ])('%s is told before anything is opened', async (_what, args, code, words) => {
    const waters = new Waters()
    const it = terminal(waters)
    expect(await waters.during(runPeer([...room, ...args], it.console))).toBe(code)
    expect(it.complaints).toContain(words)
    expect(waters.time.hosts.size).toBe(0)
  })

  test.each([
    ['no room', ['--signaling', signaling], 'required option'],
    ['an unknown flag', [...room, '--nme', 'x'], 'unknown option'],
    ['an address that is none', ['--room', 'lobby', '--signaling', 'http://x'], 'ERR_SIGNALING_URL_INVALID'],
    ['too long a name', [...room, '--name', 'x'.repeat(600)], 'ERR_METADATA_TOO_LARGE'],
  ])('%s ends it with 64 and a sentence', async (_what, args, words) => {
    const waters = new Waters()
    const it = terminal(waters)
    expect(await waters.during(runPeer(args, it.console))).toBe(exitCodes.usage)
    expect(it.complaints).toContain(words)
    expect(waters.time.hosts.size).toBe(0)
  })

  test('a server that is down ends it with 69, and Ctrl-C meanwhile with 0', async () => {
    const waters = new Waters()
    waters.door.mood = 'down'
    const one = terminal(waters)
    const other = terminal(waters)
    const down = runPeer(room, one.console)
    const stopped = runPeer(room, other.console)
    await waters.time.pass(100)
    other.stop.abort()
    expect(await waters.during(stopped)).toBe(exitCodes.ok)
    expect(await waters.during(down)).toBe(exitCodes.unavailable)
    expect(one.complaints).toContain('ERR_SIGNALING_UNREACHABLE')
  })

  test('shows its help', async () => {
    const it = terminal(new Waters())
    expect(await runPeer(['--help'], it.console)).toBe(exitCodes.ok)
    expect(it.shown).toContain('--room <room>')
  })

  test('lets no stranger command the terminal', () => {
    expect(clean('\u001b[2Jgone\u0007\r\nx\u202egnp')).toBe(' [2Jgone   x gnp')
  })
})

afterEach(settle)
