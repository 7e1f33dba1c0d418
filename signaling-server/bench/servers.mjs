/**
 * The three servers side by side, each in a process of its own, and how a client speaks to each: what
 * opens a socket, what registers it, what one relayed message looks like. All of it on loopback.
 */
import { spawn } from 'node:child_process'
import { generateKeyPairSync, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { createRequire } from 'node:module'
import { joinBytes } from 'shoal/signaling'

const here = new URL('.', import.meta.url).pathname
const require = createRequire(import.meta.url)

/** As large as an SDP offer for one data channel. */
export const payload = 'A'.repeat(800)

/** Our own limits are there against one address that does what a benchmark does. */
const openLimits = {
  SHOAL_EXEMPT_LOOPBACK: 'true',
  SHOAL_CONNECTIONS_MAX: '100000',
  SHOAL_PEERS_PER_ROOM_MAX: '100',
  SHOAL_FRAMES_PER_SECOND: '1000000',
  SHOAL_FRAMES_BURST: '1000000',
  SHOAL_LOG_LEVEL: 'warn',
}

export const kinds = {
  shoal: {
    name: 'shoal-signaling',
    command: [`${here}../dist/cli.js`],
    environment: (port) => ({ SHOAL_PORT: String(port), SHOAL_HOST: '127.0.0.1', ...openLimits }),
    path: (id, room) => `/?room=${room}`,
    /** Called with each text until it answers true: registered. */
    register: (send, id, room) => (text) => {
      const message = JSON.parse(text)
      if (message.t === 'challenge') send(joinText(id, room, message.nonce))
      return message.t === 'welcome'
    },
    relay: (to) => JSON.stringify({ t: 'signal', to, data: payload }),
  },
  peerjs: {
    name: 'PeerServer (peer)',
    command: [`${here}peer-server.mjs`],
    environment: (port) => ({ PORT: String(port) }),
    path: (id) => `/peerjs?key=peerjs&id=${id}&token=t&version=1.5.5`,
    register: () => (text) => JSON.parse(text).type === 'OPEN',
    relay: (to) => JSON.stringify({ type: 'OFFER', dst: to, payload: { sdp: payload } }),
  },
  yjs: {
    name: 'y-webrtc server',
    command: [require.resolve('y-webrtc').replace(/dist\/.*/, 'bin/server.js')],
    environment: (port) => ({ PORT: String(port) }),
    path: () => '/',
    // It answers a subscription with nothing; a ping has to do for a sign that it was read.
    register: (send, id, room) => {
      send(JSON.stringify({ type: 'subscribe', topics: [room] }))
      send('{"type":"ping"}')
      return (text) => JSON.parse(text).type === 'pong'
    },
    relay: (to, room) => JSON.stringify({ type: 'publish', topic: room, to, data: payload }),
  },
}

const keys = new Map()
/** A fresh identity: an id, and how it signs. */
export function newId() {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const id = publicKey.export({ format: 'der', type: 'spki' }).subarray(12).toString('base64url')
  keys.set(id, privateKey)
  return id
}

function joinText(id, room, nonce) {
  const signature = sign(null, joinBytes(nonce, 'bench', room, id), keys.get(id)).toString('base64url')
  keys.delete(id)
  return JSON.stringify({ t: 'join', version: 1, room, id, audience: 'bench', signature })
}

async function freePort() {
  const server = createServer()
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address()
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** A running server, and what the kernel says of its process. */
export class Running {
  constructor(kind, port, child) {
    this.kind = kind
    this.port = port
    this.child = child
  }

  /** Resident bytes, as they are now. */
  rssBytes() {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${this.child.pid}/status`, 'utf8'))[1]) * 1024
  }

  /** Processor seconds used since it started: user and system. */
  cpuSeconds() {
    const fields = readFileSync(`/proc/${this.child.pid}/stat`, 'utf8').split(') ')[1].split(' ')
    return (Number(fields[11]) + Number(fields[12])) / 100
  }

  async settledRssBytes() {
    let least = Infinity
    for (let i = 0; i < 6; i++) {
      this.child.kill('SIGUSR2')
      await new Promise((resolve) => setTimeout(resolve, 700))
      least = Math.min(least, this.rssBytes())
    }
    return least
  }

  /** What a forced collection left, in bytes: in the heap, and outside of it. */
  collected() {
    const answer = new Promise((resolve) => this.child.once('message', resolve))
    this.child.kill('SIGUSR2')
    return answer
  }

  async stop() {
    const gone = new Promise((resolve) => this.child.once('exit', resolve))
    this.child.kill('SIGKILL')
    await gone
  }
}

export async function start(name, environment = {}) {
  const kind = kinds[name]
  const port = await freePort()
  const env = { ...process.env, ...kind.environment(port), ...environment }
  const flags = ['--expose-gc', '--require', `${here}collect.cjs`]
  const child = spawn(process.execPath, [...flags, ...kind.command], {
    env,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const running = new Running(kind, port, child)
  for (let tries = 0; tries < 200; tries++) {
    const up = await fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false,
    )
    if (up) return running
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  await running.stop()
  throw new Error(`${kind.name} did not start`)
}
