/** `/metrics` for Prometheus. No label ever holds a room, an id or an address. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Tallies, Tally } from './tally.ts'

/** What is read at the moment of a scrape. */
export interface Gauges {
  readonly sockets: number
  readonly rooms: number
  readonly largestRoom: number
  readonly addresses: number
  readonly bufferedBytes: number
  readonly bufferedBytesMax: number
  readonly ready: boolean
}

const prefix = 'shoal_signaling_'

export class Metrics {
  readonly #registry = new Registry()
  readonly #joinSeconds: Histogram

  constructor(tallies: Tallies, gauges: () => Gauges) {
    const registers = [this.#registry]
    const gauge = (name: string, help: string, read: (now: Gauges) => number): void => {
      // prom-client keeps every metric in the registry it is made for: the object itself is not needed again.
      void new Gauge({
        name: prefix + name,
        help,
        registers,
        collect() {
          this.set(read(gauges()))
        },
      })
    }
    const counter = (name: string, help: string, read: () => number): void => {
      void new Counter({
        name: `${prefix}${name}_total`,
        help,
        registers,
        collect() {
          this.reset()
          this.inc(read())
        },
      })
    }
    const labelled = (name: string, help: string, label: string, tally: Tally): void => {
      void new Counter({
        name: `${prefix}${name}_total`,
        help,
        labelNames: [label],
        registers,
        collect() {
          this.reset()
          for (const [value, count] of tally.entries()) this.inc({ [label]: value }, count)
        },
      })
    }
    gauge('sockets', 'Sockets open', (now) => now.sockets)
    gauge('rooms', 'Rooms with somebody in them', (now) => now.rooms)
    gauge('room_peers_max', 'Peers in the largest room', (now) => now.largestRoom)
    gauge('addresses', 'Addresses that are counted', (now) => now.addresses)
    gauge('buffered_bytes', 'Bytes waiting for all slow readers', (now) => now.bufferedBytes)
    gauge('buffered_bytes_max', 'Bytes waiting for the slowest reader', (now) => now.bufferedBytesMax)
    gauge('ready', '1 when new clients are served', (now) => Number(now.ready))
    counter('opened', 'Sockets opened', () => tallies.opened)
    counter('joins', 'Joins', () => tallies.joins)
    counter('frames_received', 'Frames from clients', () => tallies.framesReceived)
    counter('bytes_received', 'Bytes of frames from clients', () => tallies.bytesReceived)
    counter('bytes_relayed', 'Bytes of frames passed on', () => tallies.bytesRelayed)
    labelled('frames_sent', 'Frames to clients', 'kind', tallies.sent)
    labelled('closed', 'Sockets closed by the server, by code', 'code', tallies.closed)
    labelled('refused', 'Sockets refused before they opened, by HTTP status', 'status', tallies.refused)
    this.#joinSeconds = new Histogram({
      name: `${prefix}join_seconds`,
      help: 'From an open socket to the welcome',
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers,
    })
  }

  /** Event loop, memory, garbage collection: observers of the whole process, so once, and only where they are looked at. */
  observeProcess(): void {
    collectDefaultMetrics({ register: this.#registry })
  }

  joined(seconds: number): void {
    this.#joinSeconds.observe(seconds)
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  text(): Promise<string> {
    return this.#registry.metrics()
  }
}
