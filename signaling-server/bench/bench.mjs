/**
 * `npm run bench -w signaling-server [-- idle|relay|storm|abuse|soak] [--seconds n] [--sockets n]`
 *
 * Ours beside PeerServer and y-webrtc's signaling server, each a process of its own and this one the load,
 * on loopback, and it stops by itself. Without a name: everything but the soak. Figures of one run on a
 * shared machine are worth their ratios, not their absolutes. Linux only: it reads /proc.
 */
import { fork } from 'node:child_process'
import { get } from 'node:http'
import { setPriority } from 'node:os'
import { parseArgs } from 'node:util'
import { kinds, newId, start } from './servers.mjs'
import { frame, percentile, registered } from './wire.mjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string' }, sockets: { type: 'string', default: '10000' } },
})
const names = Object.keys(kinds)
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

function table(title, rows) {
  console.log(`\n${title}`)
  console.table(rows)
}

function ratio(ours, theirs) {
  return `${(ours / theirs).toFixed(2)} ×`
}

/** Opens many sockets, a few at a time, in rooms of fifty. */
async function fill(running, count) {
  const wires = []
  for (let at = 0; at < count; at += 50) {
    const batch = Array.from({ length: Math.min(50, count - at) }, () =>
      registered(running, newId(), `room-${at / 50}`),
    )
    for (const { wire } of await Promise.all(batch)) wires.push(wire)
  }
  return wires
}

async function idle() {
  const count = Number(values.sockets)
  const rows = {}
  for (const name of names) {
    const running = await start(name)
    const before = await running.settledRssBytes()
    const began = performance.now()
    const wires = await fill(running, count)
    const seconds = (performance.now() - began) / 1000
    const each = ((await running.settledRssBytes()) - before) / count / 1024
    const open = wires.filter(({ closed }) => !closed).length
    rows[running.kind.name] = { sockets: open, 'KB each': each, 'opened per s': Math.round(count / seconds) }
    for (const { socket } of wires) socket.destroy()
    await running.stop()
  }
  const ours = rows[kinds.shoal.name]['KB each']
  for (const row of Object.values(rows)) {
    row['ours : this'] = ratio(ours, row['KB each'])
    row['KB each'] = Number(row['KB each'].toFixed(1))
  }
  table(`Idle: ${count} registered sockets in one process, resident memory after collection`, rows)
}

async function relay() {
  const seconds = Number(values.seconds ?? 8)
  const pairs = 100
  const inFlight = 32
  const rows = {}
  const shape = `${pairs} pairs, ${inFlight} messages of 0.9 KB under way in each`
  for (const name of names) {
    const running = await start(name, { SHOAL_CONNECTIONS_BURST: '1000' })
    const [starts, stops] = [[], []]
    let received = 0
    for (let n = 0; n < pairs; n++) {
      const [from, to, room] = [newId(), newId(), `pair-${n}`]
      const [sender, receiver] = await Promise.all([registered(running, from, room), registered(running, to, room)])
      const one = frame(running.kind.relay(to, room))
      // For every message that arrives another one leaves.
      receiver.wire.onFrames = (frames) => {
        received += frames
        sender.wire.socket.write(frames === 1 ? one : Buffer.concat(Array.from({ length: frames }, () => one)))
      }
      stops.push(() => [sender, receiver].forEach(({ wire }) => wire.socket.destroy()))
      starts.push(() => sender.wire.socket.write(Buffer.concat(Array.from({ length: inFlight }, () => one))))
    }
    // All at once, when all are there: nobody registers beside a server that is at its limit.
    for (const begin of starts) begin()
    await pause(1_500)
    const [began, cpu, count] = [performance.now(), running.cpuSeconds(), received]
    await pause(seconds * 1000)
    const messages = received - count
    const busy = running.cpuSeconds() - cpu
    rows[running.kind.name] = {
      'messages per s': Math.round((messages / (performance.now() - began)) * 1000),
      'per s of its processor': Math.round(messages / busy),
      'processor used': `${Math.round((busy / seconds) * 100)} %`,
    }
    for (const stop of stops) stop()
    await running.stop()
  }
  const ours = rows[kinds.shoal.name]
  for (const row of Object.values(rows)) {
    row['ours : this'] = ratio(ours['messages per s'], row['messages per s'])
    row['by processor'] = ratio(ours['per s of its processor'], row['per s of its processor'])
  }
  table(`Relay: ${shape}`, rows)
}

/** Joins at an even pace. Answers how long each took, from dialling to being registered. */
async function paced(running, count, seconds, room) {
  const began = performance.now()
  const joins = []
  for (let n = 0; n < count; n++) {
    const due = began + (n / count) * seconds * 1000
    while (performance.now() < due) await pause(1)
    joins.push(registered(running, newId(), room(n)))
  }
  const done = await Promise.allSettled(joins)
  const good = done.filter(({ status }) => status === 'fulfilled').map(({ value }) => value)
  return { times: good.map(({ ms }) => ms), failed: count - good.length, wires: good.map(({ wire }) => wire) }
}

async function storm() {
  const rows = {}
  for (const name of names) {
    const running = await start(name, { SHOAL_CONNECTIONS_PER_MINUTE: '100000', SHOAL_CONNECTIONS_BURST: '100000' })
    const { times, failed, wires } = await paced(running, 2_000, 10, (n) => `room-${n % 40}`)
    rows[running.kind.name] = {
      joined: times.length,
      failed,
      'p50 ms': Number(percentile(times, 0.5).toFixed(1)),
      'p99 ms': Number(percentile(times, 0.99).toFixed(1)),
      'processor s': running.cpuSeconds(),
    }
    for (const { socket } of wires) socket.destroy()
    await running.stop()
  }
  table('Join storm: 2,000 joins in 10 s, from dialling to being registered', rows)
}

/** What strangers do to a server, in a process of its own: then it is the server that honest joins wait for. */
async function attack(port, seconds) {
  const running = { kind: kinds.shoal, port }
  const until = performance.now() + seconds * 1000
  const stopped = () => performance.now() > until
  const counts = { 'slow readers cut off': 0, 'fragment floods cut off': 0, 'ping floods cut off': 0 }

  // It reads nothing, and somebody sends to it as fast as the server lets anybody send.
  const slow = async () => {
    while (!stopped()) {
      const [id, mine] = [newId(), newId()]
      const [reader, sender] = await Promise.all([registered(running, id, mine), registered(running, mine, mine)])
      reader.wire.socket.pause()
      const one = frame(JSON.stringify({ t: 'signal', to: id, data: 'A'.repeat(21_000) }))
      let absent = false
      sender.wire.onText = (text) => (absent ||= text.includes('absent'))
      for (let n = 0; n < 55; n++) sender.wire.socket.write(one)
      while (!absent && !stopped() && !sender.wire.closed) {
        await pause(60)
        sender.wire.socket.write(one)
      }
      if (absent) counts['slow readers cut off']++
      reader.wire.socket.destroy()
      sender.wire.socket.destroy()
    }
  }
  const flood = async (label, chunk) => {
    while (!stopped()) {
      const { wire } = await registered(running, newId(), 'flood')
      while (!wire.closed && !stopped()) {
        if (wire.socket.writableLength < 200_000) wire.socket.write(chunk)
        await pause(1)
      }
      if (wire.closed) counts[label]++
      wire.socket.destroy()
      await pause(20)
    }
  }
  // Whoever is cut off in the middle of registering starts over.
  const persistent = async (once) => {
    while (!stopped()) {
      await once().catch(() => {})
      await pause(50)
    }
  }
  const tiny = Buffer.concat([frame('x', 1, false), ...Array.from({ length: 200 }, () => frame('x', 0, false))])
  const pings = Buffer.concat(Array.from({ length: 200 }, () => frame('A'.repeat(125), 9)))
  await Promise.all([
    ...Array.from({ length: 100 }, () => persistent(slow)),
    ...Array.from({ length: 10 }, () => persistent(() => flood('fragment floods cut off', tiny))),
    ...Array.from({ length: 10 }, () => persistent(() => flood('ping floods cut off', pings))),
  ])
  process.send(counts)
}

async function abuse() {
  const seconds = Number(values.seconds ?? 30)
  const running = await start('shoal', {
    SHOAL_CONNECTIONS_PER_MINUTE: '100000',
    SHOAL_CONNECTIONS_BURST: '100000',
    SHOAL_FRAMES_PER_SECOND: '20',
    SHOAL_FRAMES_BURST: '60',
  })
  let most = 0
  const watch = setInterval(() => (most = Math.max(most, running.rssBytes())), 100)
  // The same joins before the attack: what this machine makes of them at the moment anyway.
  const quiet = await paced(running, 100, 5, (n) => `honest-${n % 20}`)
  const attackers = fork(new URL(import.meta.url).pathname, ['attack', String(running.port), String(seconds)])
  // The attackers are other people's machines: they may not take this server's share of ours.
  setPriority(attackers.pid, 10)
  const counts = new Promise((resolve) => attackers.once('message', resolve))
  await pause(3_000)
  const [began, cpu] = [performance.now(), running.cpuSeconds()]
  const { times, failed } = await paced(running, (seconds - 6) * 20, seconds - 6, (n) => `honest-${n % 20}`)
  const busy = (running.cpuSeconds() - cpu) / ((performance.now() - began) / 1000)
  const cutOff = await counts
  clearInterval(watch)
  table(`Abuse: 100 slow readers, 10 fragment floods and 10 ping floods for ${seconds} s`, {
    [running.kind.name]: {
      'most MB resident': Math.round(most / 1_048_576),
      'processor used': `${Math.round(busy * 100)} %`,
      'p99 ms before': Number(percentile(quiet.times, 0.99).toFixed(1)),
      'honest joins': times.length,
      failed,
      'p50 ms': Number(percentile(times, 0.5).toFixed(1)),
      'p99 ms': Number(percentile(times, 0.99).toFixed(1)),
      ...cutOff,
    },
  })
  await running.stop()
}

/**
 * Least squares: how much y grows for each x, and how far that may be off with 95 % confidence. A slope within
 * its own error is none.
 */
function slope(points) {
  const mean = (of) => points.reduce((sum, point) => sum + of(point), 0) / points.length
  const [mx, my] = [mean(([x]) => x), mean(([, y]) => y)]
  const square = points.reduce((sum, [x]) => sum + (x - mx) ** 2, 0)
  const per = points.reduce((sum, [x, y]) => sum + (x - mx) * (y - my), 0) / square
  const rest = points.reduce((sum, [x, y]) => sum + (y - my - per * (x - mx)) ** 2, 0)
  return { per, error: 2 * Math.sqrt(rest / (points.length - 2) / square) }
}

/** `/metrics` over a connection of its own: a kept one may be closed by the server just when it is used again. */
function scrape(port, token) {
  return new Promise((resolve, reject) => {
    const options = { port, path: '/metrics', agent: false, headers: { authorization: `Bearer ${token}` } }
    const request = get(options, (response) => {
      let text = ''
      response.on('data', (chunk) => (text += chunk))
      response.on('end', () => resolve(text))
    })
    request.on('error', reject)
  })
}

/**
 * A day of one join a second, in ten minutes: sockets come, signal, and go in every way there is, each third of them
 * from an address that was never seen before. Behind a proxy that is believed, so that limits per address are at work.
 */
async function soak() {
  const seconds = Number(values.seconds ?? 600)
  const perSecond = 86_400 / 600
  const token = 'a-token-for-this-soak'
  const limits = {
    SHOAL_CONNECTIONS_PER_MINUTE: '100000',
    SHOAL_CONNECTIONS_BURST: '100000',
    SHOAL_EXEMPT_LOOPBACK: 'false',
    SHOAL_TRUSTED_PROXIES: '127.0.0.0/8',
    SHOAL_METRICS_TOKEN: token,
  }
  const running = await start('shoal', limits)
  const ends = [
    (wire) => wire.send('{"t":"leave"}'),
    (wire) => wire.socket.destroy(),
    (wire) => wire.send('nonsense'),
    (wire) => wire.socket.resetAndDestroy(),
  ]
  const began = performance.now()
  const elapsed = () => (performance.now() - began) / 1000
  let [joins, failed, before] = [0, 0, undefined]
  const one = async (n) => {
    const id = newId()
    const household = Math.floor(n / 3)
    const address = `X-Forwarded-For: 2001:db8:${(household >> 16).toString(16)}:${(household & 0xffff).toString(16)}::1\r\n`
    const { wire } = await registered(running, id, `room-${n % 400}`, address)
    joins++
    if (before !== undefined) wire.send(JSON.stringify({ t: 'signal', to: before, data: 'AQ' }))
    before = id
    await pause(2_000)
    ends[n % ends.length](wire)
    setTimeout(() => wire.socket.destroy(), 500)
  }
  const points = []
  const measure = async () => {
    const { heapUsed, external } = await running.collected()
    points.push([elapsed() / 60, heapUsed / 1024, external / 1024, running.rssBytes() / 1024])
    // On a machine without time for it, a request may be cut off by the server's own header timeout: once more, then.
    const text = await scrape(running.port, token).catch(() => scrape(running.port, token))
    const read = (name) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)[1])
    return { sockets: read('shoal_signaling_sockets'), addresses: read('shoal_signaling_addresses') }
  }
  let next = seconds * 0.1
  for (let n = 0; elapsed() < seconds; n++) {
    while (elapsed() < n / perSecond) await pause(2)
    one(n).catch(() => failed++)
    if (elapsed() < next) continue
    next += seconds / 40
    const { sockets, addresses } = await measure()
    const [minutes, ...sizes] = points.at(-1)
    const [heap, external, rss] = sizes.map(Math.round)
    console.log(
      `${minutes.toFixed(1)} min  ${joins} joins  ${sockets} sockets  ${addresses} addresses  heap ${heap} KB  external ${external} KB  rss ${rss} KB`,
    )
  }
  await pause(4_000)
  const left = await measure()
  const [, idleHeap] = points.pop()
  const growth = (at, from = 0) => {
    const { per, error } = slope(points.slice(from).map((point) => [point[0], point[at]]))
    return `${per.toFixed(1)} ± ${error.toFixed(1)}`
  }
  table(`Soak: ${joins} joins in ${seconds} s, memory after forced collections, growth by linear regression`, {
    [running.kind.name]: {
      failed,
      'sockets left': left.sockets,
      'heap KB at the end': Math.round(idleHeap),
      'heap KB per min': growth(1),
      // The engine's own tables (code, shapes) fill up at first; a leak would go on.
      'in the second half': growth(1, points.length >> 1),
      'external KB per min': growth(2),
      'rss KB per min': growth(3),
    },
  })
  await running.stop()
}

if (positionals[0] === 'attack') {
  await attack(Number(positionals[1]), Number(positionals[2]))
  process.exit(0)
}
const benches = { idle, relay, storm, abuse, soak }
const chosen = positionals.length === 0 ? ['idle', 'relay', 'storm', 'abuse'] : positionals
for (const name of chosen) {
  if (!Object.hasOwn(benches, name)) {
    console.error(`${name} is not a bench; there are ${Object.keys(benches).join(', ')}`)
    process.exit(64)
  }
}
for (const name of chosen) await benches[name]()
// Sockets that a server was killed under may still be open on this side.
process.exit(0)
