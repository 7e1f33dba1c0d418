/**
 * A roster over Redis or Valkey 7: any number of instances share their rooms. Redis is a bus and a list
 * that forgets, not a store: nothing in it outlives `rosterTtlMs`, and losing all of it costs one renewal.
 *
 * For each room there is a sorted set of ids by the time at which they are forgotten, and a hash of who
 * holds each of them (instance and socket). For each registered peer its instance is subscribed to one
 * sharded channel, so a signal reaches the one instance that needs it, and the number of receivers that
 * `SPUBLISH` answers says at once whether anybody was there.
 */
import { createHash, randomBytes } from 'node:crypto'
import { createClient, defineScript } from '@redis/client'
import { sampleMax, type PeerId } from 'shoal/signaling'
import type { Logger } from './log.ts'
import type { EnlistRefusal, Registration, Roster, RosterEvents } from './roster.ts'
import type { SocketId } from './rooms.ts'

export interface RedisOptions {
  readonly redis: string
  readonly redisPrefix: string
  readonly redisTimeoutMs: number
  readonly rosterTtlMs: number
  readonly peersPerRoomMax: number
}

/** Renewals that are under way at once: enough to fill the pipe, too few to fill the memory. */
const renewBatch = 500

// Redis' own clock decides: instances need not agree on the time. A thousand at a time, for Lua's stack.
const forget = `
  local t = redis.call('TIME')
  local now = t[1] * 1000 + math.floor(t[2] / 1000)
  local gone = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, 1000)
  if #gone > 0 then
    redis.call('ZREM', KEYS[1], unpack(gone))
    redis.call('HDEL', KEYS[2], unpack(gone))
  end
`
const note = `
  redis.call('ZADD', KEYS[1], now + ttl, id)
  redis.call('HSET', KEYS[2], id, owner)
  redis.call('PEXPIRE', KEYS[1], ttl)
  redis.call('PEXPIRE', KEYS[2], ttl)
`

function script(keys: number, lua: string) {
  return defineScript({
    NUMBER_OF_KEYS: keys,
    SCRIPT: lua,
    parseCommand(parser, roomKeys: readonly string[], ...rest: readonly string[]) {
      parser.pushKeys([...roomKeys])
      parser.push(...rest)
    },
    transformReply: (reply: unknown) => reply,
  })
}

const scripts = {
  // id, owner, ttl, cap, sample → false when full, else who held it before, then the sample.
  enlist: script(
    2,
    `local id, owner, ttl = ARGV[1], ARGV[2], tonumber(ARGV[3])
     ${forget}
     if not redis.call('ZSCORE', KEYS[1], id) and redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[4]) then
       return {}
     end
     local before = redis.call('HGET', KEYS[2], id) or ''
     ${note}
     local answer = redis.call('ZRANDMEMBER', KEYS[1], tonumber(ARGV[5]))
     table.insert(answer, 1, before)
     return answer`,
  ),
  // id, owner, ttl → 0 when somebody else holds it.
  renew: script(
    2,
    `local id, owner, ttl = ARGV[1], ARGV[2], tonumber(ARGV[3])
     ${forget}
     local holder = redis.call('HGET', KEYS[2], id)
     if holder and holder ~= owner then return 0 end
     ${note}
     return 1`,
  ),
  // id, owner; an owner of '' withdraws whoever holds it.
  withdraw: script(
    2,
    `if ARGV[2] ~= '' and redis.call('HGET', KEYS[2], ARGV[1]) ~= ARGV[2] then return 0 end
     redis.call('ZREM', KEYS[1], ARGV[1])
     redis.call('HDEL', KEYS[2], ARGV[1])
     return 1`,
  ),
  draw: script(2, `${forget} return redis.call('ZRANDMEMBER', KEYS[1], tonumber(ARGV[1]))`),
}

/** Opens the bus. Resolves when it is there or the timeout is over: a server may start before its Redis does. */
export async function openRedisRoster(options: RedisOptions, log: Logger, events: RosterEvents): Promise<Roster> {
  const roster = new RedisRoster(options, log, events)
  await roster.open()
  return roster
}

/** One of our peers, as the bus knows it. */
interface Holding {
  socket: SocketId
  readonly listener: (message: string) => void
}

function connect(options: RedisOptions) {
  const { redis, redisTimeoutMs } = options
  return createClient({
    url: redis,
    scripts,
    // While Redis is away an answer is "not now", at once; nothing is kept for later.
    disableOfflineQueue: true,
    pingInterval: Math.ceil(redisTimeoutMs / 2),
    socket: {
      connectTimeout: redisTimeoutMs,
      // A Redis that accepts and stays silent is as good as gone.
      socketTimeout: redisTimeoutMs * 2,
      reconnectStrategy: (retries) => Math.min(2_000, 50 * 2 ** Math.min(retries, 6)),
    },
  })
}

class RedisRoster implements Roster {
  readonly #options: RedisOptions
  readonly #log: Logger
  readonly #events: RosterEvents
  readonly #commands: ReturnType<typeof connect>
  readonly #subscriber: ReturnType<typeof connect>
  readonly #instance = randomBytes(9).toString('base64url')
  readonly #holdings = new Map<string, Holding>()
  #wasReady = false
  #closed = false

  constructor(options: RedisOptions, log: Logger, events: RosterEvents) {
    this.#options = options
    this.#log = log
    this.#events = events
    this.#commands = connect(options)
    this.#subscriber = connect(options)
    for (const client of [this.#commands, this.#subscriber]) {
      client.on('ready', () => this.#noteReady())
      client.on('reconnecting', () => this.#noteReady())
      // Which command failed is the caller's to know; this is the connection's own trouble, and `reconnecting` follows.
      client.on('error', (error: Error) => {
        this.#noteReady()
        this.#log.debug({ err: error.message }, 'redis')
      })
    }
  }

  get ready(): boolean {
    return this.#commands.isReady && this.#subscriber.isReady
  }

  async open(): Promise<void> {
    // `connect` goes on trying after this by itself, and its failures are reported by `error`.
    const connected = Promise.all([this.#commands.connect(), this.#subscriber.connect()]).then(
      () => true,
      () => false,
    )
    await this.#within(connected, false)
    if (!this.ready) this.#log.warn('Redis is not there yet: no joins until it is')
  }

  async enlist(registration: Registration): Promise<readonly PeerId[] | EnlistRefusal> {
    const { room, id } = registration
    if (!this.ready) return 'ERR_UNAVAILABLE'
    const { rosterTtlMs, peersPerRoomMax } = this.#options
    // Subscribed before it is on the list: whoever finds it there reaches it.
    const subscribed = await this.#hold(registration)
    if (!subscribed) return this.#giveUp(registration, 'ERR_UNAVAILABLE')
    const [ttl, cap, size] = [rosterTtlMs, peersPerRoomMax, sampleMax + 1].map(String) as [string, string, string]
    const owner = this.#owner(registration)
    const reply = this.#commands.enlist(this.#keys(room), id, owner, ttl, cap, size) as Promise<string[]>
    const answer = await this.#within(reply, undefined)
    if (answer === undefined) return this.#giveUp(registration, 'ERR_UNAVAILABLE')
    const [before, ...sample] = answer
    if (before === undefined) return this.#giveUp(registration, 'ERR_ROOM_FULL')
    if (before !== '' && !before.startsWith(`${this.#instance}:`)) {
      await this.#publish(this.#channel(room, id), `d${before}`)
    }
    return sample.filter((other) => other !== id).slice(0, sampleMax) as PeerId[]
  }

  withdraw(registration: Registration): void {
    const { room, id } = registration
    this.#release(registration)
    if (!this.ready) return
    void this.#within(this.#commands.withdraw(this.#keys(room), id, this.#owner(registration)), undefined)
  }

  async draw(room: string, but: PeerId): Promise<readonly PeerId[]> {
    if (!this.ready) return []
    const reply = this.#commands.draw(this.#keys(room), String(sampleMax + 1)) as Promise<string[]>
    const sample = await this.#within(reply, [])
    return sample.filter((other) => other !== but).slice(0, sampleMax) as PeerId[]
  }

  async forward(room: string, to: PeerId, from: PeerId, data: string): Promise<boolean> {
    if (!this.ready) return false
    const receivers = await this.#publish(this.#channel(room, to), `s${from}${data}`)
    // On the list, and nobody listens: its instance died. Others need not find that out too.
    if (receivers === 0) void this.#within(this.#commands.withdraw(this.#keys(room), to, ''), undefined)
    return receivers !== undefined && receivers > 0
  }

  async renew(registrations: Iterable<Registration>): Promise<void> {
    let batch: Promise<void>[] = []
    for (const registration of registrations) {
      batch.push(this.#renewOne(registration))
      if (batch.length < renewBatch) continue
      await Promise.all(batch)
      batch = []
    }
    await Promise.all(batch)
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const client of [this.#commands, this.#subscriber]) client.destroy()
    await Promise.resolve()
  }

  async #renewOne(registration: Registration): Promise<void> {
    const { room, id } = registration
    if (!this.ready || !(await this.#hold(registration))) return
    const owner = this.#owner(registration)
    const reply = this.#commands.renew(this.#keys(room), id, owner, String(this.#options.rosterTtlMs))
    const held = await this.#within(reply as Promise<number>, undefined)
    if (held === 0 && this.#holdings.get(this.#channel(room, id))?.socket === registration.socket) {
      this.#events.onDisplaced(room, id)
    }
  }

  /** Subscribes, unless we are; the newest socket of an id is the one that holds it. */
  async #hold({ room, id, socket }: Registration): Promise<boolean> {
    const channel = this.#channel(room, id)
    const known = this.#holdings.get(channel)
    if (known !== undefined) {
      known.socket = Math.max(known.socket, socket)
      return true
    }
    const listener = (message: string): void => this.#onMessage(room, id, message)
    this.#holdings.set(channel, { socket, listener })
    const done = this.#subscriber.sSubscribe(channel, listener).then(() => true)
    return this.#within(done, false)
  }

  #release({ room, id, socket }: Registration): void {
    const channel = this.#channel(room, id)
    const holding = this.#holdings.get(channel)
    if (holding?.socket !== socket) return
    this.#holdings.delete(channel)
    void this.#within(this.#subscriber.sUnsubscribe(channel, holding.listener), undefined)
  }

  #giveUp(registration: Registration, refusal: EnlistRefusal): EnlistRefusal {
    this.#release(registration)
    return refusal
  }

  #onMessage(room: string, id: PeerId, message: string): void {
    const holding = this.#holdings.get(this.#channel(room, id))
    if (holding === undefined) return
    if (message.startsWith('s')) {
      return this.#events.onArrived(room, id, message.slice(1, 44) as PeerId, message.slice(44))
    }
    if (message === `d${this.#instance}:${holding.socket}`) this.#events.onDisplaced(room, id)
  }

  #publish(channel: string, message: string): Promise<number | undefined> {
    return this.#within(this.#commands.sPublish(channel, message), undefined)
  }

  /** An answer within the timeout, or `otherwise`: Redis away is an ordinary state, and says so in `ready`. */
  async #within<T, U>(answer: Promise<T>, otherwise: U): Promise<T | U> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<U>((resolve) => {
      timer = setTimeout(() => resolve(otherwise), this.#options.redisTimeoutMs)
    })
    const settled = answer.catch((error: unknown) => {
      if (!this.#closed) this.#log.debug({ err: error instanceof Error ? error.message : 'unknown' }, 'redis')
      return otherwise
    })
    const first = await Promise.race([settled, late])
    clearTimeout(timer)
    return first
  }

  #noteReady(): void {
    if (this.ready === this.#wasReady || this.#closed) return
    this.#wasReady = this.ready
    this.#events.onReady(this.ready)
  }

  #owner({ socket }: Registration): string {
    return `${this.#instance}:${socket}`
  }

  /** The braces keep a room's keys and channels on one shard of a cluster; the hash keeps its name out of them. */
  #room(room: string): string {
    return `${this.#options.redisPrefix}:{${createHash('sha256').update(room).digest('base64url').slice(0, 22)}}`
  }

  #keys(room: string): readonly [string, string] {
    return [`${this.#room(room)}:until`, `${this.#room(room)}:by`]
  }

  #channel(room: string, id: PeerId): string {
    return `${this.#room(room)}:to:${id}`
  }
}
