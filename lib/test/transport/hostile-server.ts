/**
 * A signaling server that wants to read along, or to pass for somebody: every attack that it has on
 * two transports which signal through it. An attack throws `Undetected` when a link came up that is
 * not one between the two, end to end; otherwise it answers what stopped it.
 */
import { decodeSignal, encodeSignal, type Signal } from '../../src/transport/signal.ts'
import type { WebRtc } from '../../src/transport/simple-peer.ts'
import { hex, unhex } from './keys.ts'
import { disguises, fingerprintIn, MiddleEnd, split } from './middle.ts'
import type { Rig, RigPeer } from './rig.ts'

export interface Attack {
  readonly name: string
  run(rig: Rig, wrtc: WebRtc): Promise<string>
}

export class Undetected extends Error {
  override readonly name = 'Undetected'
}

/** As long as the slowest engine needs to get anywhere; an attack that gets nowhere must end too. */
const limits = { dialDeadlineMs: 8_000 }
/** For two that must end up linked, on a machine that has much else to do. */
const patient = { limits: { dialDeadlineMs: 18_000 } }

type Description = Extract<Signal, { sdp: string }>

function isDescription(signal: Signal): signal is Description {
  return signal.kind === 'offer' || signal.kind === 'answer'
}

function send(to: RigPeer, from: RigPeer, signal: Signal): void {
  void to.call('signal', from.id, hex(encodeSignal(signal)))
}

/** Everything that either side says, decoded. */
function listen(rig: Rig, on: (signal: Signal, from: RigPeer, to: RigPeer) => void): void {
  rig.relay = (from, to, payload) => {
    const signal = decodeSignal(unhex(payload))
    if (signal !== undefined) on(signal, from, to)
  }
}

function codes(...peers: readonly RigPeer[]): string {
  return peers.map((peer) => peer.of('failure')[0]?.code ?? 'nothing').join(' / ')
}

function refuteLinks(...peers: readonly RigPeer[]): void {
  if (peers.some((peer) => peer.of('link').length > 0)) throw new Undetected('a link came up')
}

/** DTLS ends at the server, at both sides; what the victims say on it is passed on, or changed. */
class Middle {
  readonly toA: MiddleEnd
  readonly toB: MiddleEnd
  readonly a: RigPeer
  readonly b: RigPeer

  constructor(a: RigPeer, b: RigPeer, wrtc: WebRtc) {
    this.a = a
    this.b = b
    this.toA = new MiddleEnd(wrtc)
    this.toB = new MiddleEnd(wrtc)
  }

  /** `dressA` and `dressB` write what the victims are told of the other's certificate. */
  stand(
    rig: Rig,
    dress: { a?: Dress; b?: Dress },
    tamper: (message: Uint8Array) => Uint8Array = (message) => message,
  ): void {
    const { a, b, toA, toB } = this
    toA.onMessage = (message) => void toB.opened.then(() => toB.send(tamper(message)))
    toB.onMessage = (message) => void toA.opened.then(() => toA.send(tamper(message)))
    const waiting: Record<'a' | 'b', string[]> = { a: [], b: [] }
    const ready = { a: false, b: false }
    const candidates = (side: 'a' | 'b', more: readonly string[]): void => {
      waiting[side].push(...more)
      if (ready[side]) void (side === 'a' ? toA : toB).addCandidates(waiting[side].splice(0)).catch(() => {})
    }
    let offered = ''
    listen(rig, (signal, from) => {
      const side = from === a ? 'a' : 'b'
      if (signal.kind === 'refuse') return send(from === a ? b : a, from, signal)
      if (signal.kind === 'offer' && from === a) {
        offered = signal.sdp
        // A victim that has seen through it already has hung up: then there is nothing to offer.
        const offer = toB.offer().then((own) => {
          const { sdp, candidates } = split(own)
          send(b, a, { ...signal, sdp: (dress.b ?? same)(sdp, fingerprintIn(offered)), candidates })
        })
        offer.catch(() => {})
      }
      if (signal.kind === 'answer' && from === b) {
        const honest = fingerprintIn(signal.sdp)
        void toB
          .accept(signal.sdp)
          .then(() => {
            ready.b = true
            candidates('b', [])
            return toA.answer(offered)
          })
          .then((own) => {
            ready.a = true
            candidates('a', [])
            const mine = split(own)
            send(a, b, { ...signal, sdp: (dress.a ?? same)(mine.sdp, honest), candidates: mine.candidates })
          })
          .catch(() => {})
      }
      candidates(side, signal.candidates)
    })
  }

  close(): void {
    this.toA.close()
    this.toB.close()
  }
}

type Dress = (sdp: string, honest: string) => string
const same: Dress = (sdp) => sdp

function inTheMiddle(
  name: string,
  dress: { a?: Dress; b?: Dress },
  tamper?: (message: Uint8Array) => Uint8Array,
): Attack {
  return {
    name,
    run: async (rig, wrtc) => {
      // What nobody can read is ignored, and then only the deadline ends the dial.
      const given = /tab|NUL/.test(name) ? { dialDeadlineMs: 1_000 } : limits
      const [a, b] = [await rig.peer({ limits: given }), await rig.peer({ limits: given })]
      const middle = new Middle(a, b, wrtc)
      try {
        middle.stand(rig, dress, tamper)
        await a.call('dial', b.id)
        // Whoever sees through it first; the other is let go of, as by a server that gives up.
        await Promise.race([a, b].flatMap((victim) => [victim.until('failure'), victim.until('link')]))
        refuteLinks(a, b)
        middle.close()
        for (const victim of [a, b]) if (Number(await victim.call('size')) > 0) await victim.until('failure')
        refuteLinks(a, b)
        return codes(a, b)
      } finally {
        middle.close()
      }
    },
  }
}

/** Both sides link honestly, whatever the server adds; it must have changed nothing. */
async function stillHonest(a: RigPeer, b: RigPeer): Promise<void> {
  const [atA, atB] = await Promise.all([a.until('link'), b.until('link')])
  if (atA.session !== atB.session) throw new Undetected('two sessions')
  await a.call('send', b.id, '0a')
  await b.call('send', a.id, '0b')
  await Promise.all([a.until('frame'), b.until('frame')])
  if (a.of('link').length + b.of('link').length !== 2) throw new Undetected('another link came up')
  if (a.of('close').length + b.of('close').length > 0) throw new Error('the honest link did not stay')
}

const flipRole = (message: Uint8Array): Uint8Array => {
  const changed = message.slice()
  if (changed.length === 70) changed[5] = 1 - changed[5]!
  return changed
}

export const attacks: readonly Attack[] = [
  ...Object.entries(disguises).flatMap(([words, dress]) => [
    inTheMiddle(`in the middle, towards who dials: ${words}`, { a: dress }),
    inTheMiddle(`in the middle, towards who answers: ${words}`, { b: dress }),
    // The one that beats whoever signs the first of two fingerprints: both then sign the honest pair.
    inTheMiddle(`in the middle, towards both: ${words}`, { a: dress, b: dress }),
  ]),
  inTheMiddle('in the middle, with the roles changed in HELLO', {}, flipRole),
  {
    name: 'reflection: what a peer says on its channel comes back to it',
    run: async (rig, wrtc) => {
      const [a, b] = [await rig.peer({ limits }), await rig.peer({ limits })]
      const end = new MiddleEnd(wrtc)
      end.onMessage = (message) => end.send(message)
      try {
        const held: string[] = []
        let ready = false
        listen(rig, (signal, from) => {
          if (from !== a || signal.kind === 'refuse') return
          held.push(...signal.candidates)
          if (signal.kind === 'offer') {
            const answer = end.answer(signal.sdp).then((own) => {
              ready = true
              end.addCandidates(held.splice(0)).catch(() => {})
              send(a, b, { ...signal, kind: 'answer', ...split(own) })
            })
            answer.catch(() => {})
          } else if (ready) end.addCandidates(held.splice(0)).catch(() => {})
        })
        await a.call('dial', b.id)
        await a.until('failure')
        refuteLinks(a, b)
        return codes(a)
      } finally {
        end.close()
      }
    },
  },
  {
    name: 'reflection: a peer’s own offer comes back as the other’s',
    run: async (rig) => {
      const [a, b] = [await rig.peer({ limits: { dialDeadlineMs: 300 } }), await rig.peer({ limits })]
      listen(rig, (signal, from, to) => {
        if (isDescription(signal)) send(from, to, { ...signal, kind: 'offer' })
        else send(from, to, signal)
      })
      await a.call('dial', b.id)
      await a.until('failure')
      refuteLinks(a, b)
      return codes(a)
    },
  },
  {
    name: 'role flip: an offer delivered as an answer, to both',
    run: async (rig) => {
      const [a, b] = [
        await rig.peer({ limits: { dialDeadlineMs: 300 } }),
        await rig.peer({ limits: { dialDeadlineMs: 300 } }),
      ]
      const offers = new Map<RigPeer, Description>()
      listen(rig, (signal, from) => {
        if (signal.kind !== 'offer') return
        offers.set(from, signal)
        const [ofA, ofB] = [offers.get(a), offers.get(b)]
        if (ofA === undefined || ofB === undefined) return
        send(a, b, { ...ofB, kind: 'answer', attempt: ofA.attempt })
        send(b, a, { ...ofA, kind: 'answer', attempt: ofB.attempt })
      })
      await Promise.all([a.call('dial', b.id), b.call('dial', a.id)])
      await Promise.all([a.until('failure'), b.until('failure')])
      refuteLinks(a, b)
      return codes(a, b)
    },
  },
  {
    name: 'cross-room: a peer of another room is led here',
    run: async (rig) => {
      const [a, b] = [await rig.peer({ limits }), await rig.peer({ limits, meshId: '77'.repeat(32) })]
      await a.call('dial', b.id)
      await Promise.all([a.until('failure'), b.until('failure')])
      refuteLinks(a, b)
      return codes(a, b)
    },
  },
  {
    name: 'misbinding: an honest third peer is presented as the one dialled',
    run: async (rig) => {
      const [a, b, c] = [await rig.peer({ limits }), await rig.peer({ limits }), await rig.peer({ limits })]
      rig.relay = (from, _to, payload) => {
        if (from === a) void c.call('signal', a.id, payload)
        else if (from === c) void a.call('signal', b.id, payload)
      }
      await a.call('dial', b.id)
      await Promise.all([a.until('failure'), c.until('failure')])
      refuteLinks(a, b, c)
      return codes(a, c)
    },
  },
  {
    name: 're-offer before opening: a second description after the first, to both',
    run: async (rig, wrtc) => {
      const [a, b] = [await rig.peer(patient), await rig.peer(patient)]
      const [one, two] = [new MiddleEnd(wrtc), new MiddleEnd(wrtc)]
      try {
        const theirs = split(await one.offer())
        listen(rig, (signal, from, to) => {
          send(to, from, signal)
          if (isDescription(signal)) send(to, from, { ...signal, ...theirs })
          if (isDescription(signal))
            send(to, from, { ...signal, kind: signal.kind === 'offer' ? 'answer' : 'offer', ...theirs })
        })
        await a.call('dial', b.id)
        await stillHonest(a, b)
        if (one.isOpen || two.isOpen) throw new Undetected('the server has a channel')
        return 'ignored'
      } finally {
        one.close()
        two.close()
      }
    },
  },
  {
    name: 're-offer after opening: another description for the open link, and another attempt beside it',
    run: async (rig, wrtc) => {
      const [a, b] = [await rig.peer(patient), await rig.peer(patient)]
      const end = new MiddleEnd(wrtc)
      try {
        let attempt = ''
        listen(rig, (signal, from, to) => {
          attempt = signal.attempt
          send(to, from, signal)
        })
        await a.call('dial', b.id)
        await Promise.all([a.until('link'), b.until('link')])
        const theirs = split(await end.offer())
        for (const [victim, other] of [
          [a, b],
          [b, a],
        ] as const) {
          for (const kind of ['offer', 'answer'] as const) send(victim, other, { kind, attempt, ...theirs })
          send(victim, other, { kind: 'refuse', attempt })
          send(victim, other, { kind: 'candidates', attempt, candidates: theirs.candidates.slice(0, 4) })
        }
        // A new attempt is answered by the server: its channel opens, and its handshake must fail.
        rig.relay = (from, to, payload) => {
          const signal = decodeSignal(unhex(payload))
          if (signal?.kind === 'answer' && from === b) {
            const accepted = end.accept(signal.sdp).then(() => end.addCandidates(signal.candidates))
            accepted.catch(() => {})
          } else if (signal?.kind !== 'candidates') void to.call('signal', from.id, payload)
        }
        end.onMessage = (message) => end.send(message)
        send(b, a, { kind: 'offer', attempt: 'ee'.repeat(16), ...theirs })
        await b.until('failure')
        await stillHonest(a, b)
        return `ignored; the attempt beside it: ${codes(b)}`
      } finally {
        end.close()
      }
    },
  },
  {
    name: 'replay: all that was said for an earlier link, to both',
    run: async (rig) => {
      const [a, b] = [await rig.peer({ limits }), await rig.peer({ limits })]
      const said: [Signal, RigPeer, RigPeer][] = []
      listen(rig, (signal, from, to) => {
        said.push([signal, from, to])
        send(to, from, signal)
      })
      await a.call('dial', b.id)
      await Promise.all([a.until('link'), b.until('link')])
      await a.call('closeLink', b.id)
      await Promise.all([a.until('close'), b.until('close')])
      // With the names as they were, then as if for an attempt that nobody has seen, then to the wrong one.
      const record = [...said]
      for (const [signal, from, to] of record) send(to, from, signal)
      for (const [signal, from, to] of record) send(to, from, { ...signal, attempt: 'dd'.repeat(16) })
      for (const [signal, from, to] of record) send(from, to, { ...signal, attempt: 'cc'.repeat(16) })
      await Promise.all([a.until('failure'), b.until('failure')])
      if (a.of('link').length + b.of('link').length !== 2) throw new Undetected('a link came up again')
      // And it spoils nothing for who dials honestly now.
      await a.call('dial', b.id)
      const [atA, atB] = await Promise.all([a.until('link', 2), b.until('link', 2)])
      if (atA.session !== atB.session) throw new Undetected('two sessions')
      return codes(a, b)
    },
  },
  {
    name: 'candidates: thousands, with names to look up and lines to smuggle',
    run: async (rig) => {
      const [a, b] = [await rig.peer(patient), await rig.peer(patient)]
      const hostile = [
        'candidate:1 1 udp 1 tracker.example.org 9 typ host',
        'candidate:1 1 udp 1 10.0.0.1 9 typ host\r\na=fingerprint:sha-256 00',
        'candidate:1 1 udp 1 10.0.0.1 9 typ evil',
        'candidate:1 1 udp 1 300.300.300.300 9 typ host',
        ' ',
        'x'.repeat(512),
      ]
      listen(rig, (signal, from, to) => {
        send(to, from, signal)
        if (!isDescription(signal)) return
        for (let i = 0; i < 20; i++) {
          send(to, from, { kind: 'candidates', attempt: signal.attempt, candidates: [...hostile, ...hostile] })
        }
      })
      await a.call('dial', b.id)
      await stillHonest(a, b)
      return 'ignored'
    },
  },
]
