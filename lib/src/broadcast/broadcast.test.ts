import { beforeEach, describe, expect, it } from 'vitest'
import type { Digest, Verified } from '../identity/claim.ts'
import type { Millis, WallMillis } from '../identity/millis.ts'
import type { InstanceId, PeerId } from '../identity/peer-id.ts'
import { Broadcast } from './broadcast.ts'
import type { BroadcastMessage, HadStream, News } from './messages.ts'

const [self, ada, bob, cyd] = ['self', 'ada', 'bob', 'cyd'] as PeerId[] as [PeerId, PeerId, PeerId, PeerId]
const run = (name: string) => `run of ${name}` as InstanceId

let now: Millis
let linked: PeerId[]
let told: (string | number)[]
let met: Map<PeerId, { instance: InstanceId; since: Millis }>
let sent: [PeerId, BroadcastMessage][]
let broadcast: Broadcast

function news(author: PeerId, seq: number, instance = run(author), bytes = 8): Verified<News> {
  return {
    type: 'news',
    author,
    issuedAt: 0 as WallMillis,
    ttlMs: 60_000,
    instance,
    seq,
    topic: '',
    payload: new Uint8Array(bytes),
    bytes: new Uint8Array(bytes),
    digest: `${author}/${seq}` as Digest,
  } as unknown as Verified<News>
}

const spread = (from: PeerId, ...claims: Verified<News>[]) => broadcast.receive(from, { type: 'spread', claims }, now)

const had = (from: PeerId, stream: Partial<HadStream>, answer = false) =>
  broadcast.receive(
    from,
    {
      type: 'had',
      answer,
      streams: [{ author: ada, instance: run(ada), oldest: 1, oldestAgeMs: 0, fresh: 1, last: 1, ...stream }],
    },
    now,
  )

/** Lets time pass, with a tick at every deadline. */
function pass(ms: number): void {
  const end = (now + ms) as Millis
  for (let at = broadcast.deadline(); at !== undefined && at <= end; at = broadcast.deadline()) {
    now = Math.max(now, at) as Millis
    broadcast.tick(now)
  }
  now = end
}

const sentTo = (peer: PeerId, type: BroadcastMessage['type']) =>
  sent.flatMap(([to, message]) => (to === peer && message.type === type ? [message] : []))
const wanted = (peer: PeerId) =>
  sentTo(peer, 'want-news').flatMap((message) => (message.type === 'want-news' ? [message.numbers] : []))

beforeEach(() => {
  now = 1_000_000 as Millis
  linked = [bob, cyd]
  told = []
  sent = []
  broadcast = new Broadcast(
    {
      self,
      linkedPeers: () => linked,
      admits: () => true,
      metAt: (author) => met.get(author),
      send: (to, message) => sent.push([to, message]),
      seal: () => {},
      equivocated: (one, other) => told.push(`${one.digest} ${other.digest}`),
      rejected: (from, code) => told.push(`${from} ${code}`),
      deliver: ({ author, seq }) => told.push(author === ada ? seq : `${author} ${seq}`),
      gap: (_author, _instance, missed) => told.push(`lost ${missed}`),
    },
    run(self),
  )
  met = new Map([[ada, { instance: run(ada), since: (now - 600_000) as Millis }]])
})

describe('the broadcasts of one author', () => {
  it('are handed out in order and once, however they come', () => {
    spread(bob, news(ada, 1))
    spread(bob, news(ada, 3))
    spread(cyd, news(ada, 3), news(ada, 1))
    spread(cyd, news(ada, 2))
    spread(bob, news(ada, 2), news(ada, 4))
    expect(told).toEqual([1, 2, 3, 4])
  })

  it('are passed on at once, whatever they wait for here, and not to who has had them', () => {
    spread(bob, news(ada, 1))
    spread(bob, news(ada, 3))
    expect(sentTo(cyd, 'spread')).toHaveLength(2)
    expect(sentTo(bob, 'spread')).toHaveLength(0)
  })

  it('that are lacking are asked for, of one neighbour after the other, and are not told as lost when they come', () => {
    spread(bob, news(ada, 1), news(ada, 4))
    pass(1200)
    expect(wanted(bob).concat(wanted(cyd))).toEqual([
      [2, 3],
      [2, 3],
      [2, 3],
    ])
    spread(cyd, news(ada, 2), news(ada, 3))
    pass(60_000)
    expect(told).toEqual([1, 2, 3, 4])
  })

  it('that nobody has any more are told as lost, and those behind them are handed out', () => {
    spread(bob, news(ada, 1), news(ada, 4))
    pass(9000)
    expect(told).toEqual([1])
    pass(2000)
    expect(told).toEqual([1, 'lost 2', 4])
    spread(cyd, news(ada, 2))
    expect(told).toEqual([1, 'lost 2', 4])
  })

  it('begin, for who has met the author long ago, with the first that a neighbour knows of', () => {
    spread(bob, news(ada, 7))
    expect(wanted(bob)).toEqual([[]])
    expect(told).toEqual([])
    had(bob, { oldest: 5, fresh: 7, last: 7, oldestAgeMs: 20_000 }, true)
    pass(200)
    expect(wanted(bob).at(-1)).toEqual([5, 6])
    spread(bob, news(ada, 6), news(ada, 5))
    expect(told).toEqual([5, 6, 7])
  })

  it('begin, for who has only just met the author, with what was said just before', () => {
    met.set(ada, { instance: 'another run' as InstanceId, since: now })
    const fresh = (seq: number) => news(ada, seq, 'another run' as InstanceId)
    spread(bob, fresh(7))
    had(bob, { instance: 'another run' as InstanceId, oldest: 2, fresh: 7, last: 7, oldestAgeMs: 30_000 }, true)
    expect(told).toEqual([7])
  })

  it('begin with what came first when no neighbour has an answer', () => {
    spread(bob, news(ada, 7))
    pass(1000)
    expect(told).toEqual([7])
  })
})

describe('an author who says more than is passed on', () => {
  const many = Array.from({ length: 503 }, (_, at) => news(ada, at + 1))

  it('is handed out and passed on for 500 at once, and for 250 in the second after, and not for one more', () => {
    spread(bob, ...many.slice(0, 501))
    expect(told.slice(-2)).toEqual([500, 'bob ERR_BROADCAST_RATE'])
    expect(sentTo(cyd, 'spread')).toHaveLength(500)
    now = (now + 1000) as Millis
    told = []
    spread(bob, ...Array.from({ length: 251 }, (_, at) => news(ada, at + 501)))
    expect(told.slice(-2)).toEqual([750, 'bob ERR_BROADCAST_RATE'])
  })

  it('costs nothing for what was had already, and takes nothing from other authors', () => {
    spread(bob, ...many.slice(0, 500), ...many.slice(0, 500))
    met.set(cyd, { instance: run(cyd), since: now })
    spread(bob, news(cyd, 1))
    expect(told.slice(-2)).toEqual([500, 'cyd 1'])
  })

  it('loses nothing by it in the end: what was left out is asked for, of whoever has it', () => {
    spread(bob, ...many.slice(0, 502))
    now = (now + 1000) as Millis
    spread(bob, many[502]!)
    pass(150)
    expect(wanted(bob)).toEqual([[501, 502]])
    spread(bob, many[500]!, many[501]!)
    expect(told.slice(-4)).toEqual(['bob ERR_BROADCAST_RATE', 501, 502, 503])
  })
})

describe('neighbours', () => {
  it('are told what they may have missed, and no more once they have answered', () => {
    spread(bob, news(ada, 1))
    pass(600)
    expect(sentTo(cyd, 'had')).toHaveLength(1)
    expect(sentTo(bob, 'had')).toHaveLength(0)
    had(cyd, { last: 1 })
    pass(60_000)
    expect(sentTo(cyd, 'had')).toHaveLength(1)
  })

  it('that never answer are told six times, and then nothing is said any more', () => {
    spread(bob, news(ada, 1))
    pass(120_000)
    expect(sentTo(cyd, 'had')).toHaveLength(6)
    expect(broadcast.deadline()).toBeUndefined()
  })

  it('get an answer when they repeat themselves, and an answer gets none', () => {
    spread(bob, news(ada, 1))
    had(bob, { last: 1 })
    pass(600)
    expect(sentTo(bob, 'had')).toMatchObject([{ answer: true }])
    had(bob, { last: 1 }, true)
    pass(60_000)
    expect(sentTo(bob, 'had')).toHaveLength(1)
  })

  it('that know of more are asked for it', () => {
    spread(bob, news(ada, 1))
    had(cyd, { last: 3 })
    pass(150)
    expect(wanted(cyd)).toEqual([[2, 3]])
  })

  it('are given what they ask for again, for a minute', () => {
    spread(bob, news(ada, 1))
    const want = { type: 'want-news', author: ada, instance: run(ada), numbers: [1, 2] } as const
    broadcast.receive(cyd, want, now)
    expect(sentTo(cyd, 'spread')).toHaveLength(2)
    pass(61_000)
    broadcast.receive(cyd, want, now)
    expect(sentTo(cyd, 'spread')).toHaveLength(2)
  })
})

describe('whoever lies', () => {
  it('about what others have said causes three questions, and no gap', () => {
    spread(bob, news(ada, 1))
    had(bob, { last: 0xffff_ffff })
    pass(60_000)
    expect(wanted(bob)).toHaveLength(3)
    expect(wanted(bob)[0]).toHaveLength(64)
    spread(cyd, news(ada, 2))
    expect(told).toEqual([1, 2])
  })

  it('about members that nobody knows is not remembered', () => {
    had(bob, { author: 'nobody' as PeerId, last: 9 })
    expect(broadcast.deadline()).toBeUndefined()
  })

  it('by taking the name of another run cannot have its broadcasts taken for old', () => {
    spread(bob, news(bob, 9, run(ada)))
    spread(bob, news(ada, 1))
    expect(told).toContain(1)
  })

  it('by making up authors cannot make us forget what a member has said', () => {
    spread(bob, news(ada, 1))
    for (let i = 0; i < 11_000; i++) spread(bob, news(`made up ${i}` as PeerId, 1))
    told.length = 0
    spread(cyd, news(ada, 1), news(ada, 2))
    expect(told).toEqual([2])
  })

  it('by numbers far apart, or much out of turn, is held for in bounds, and the rest is told as lost', () => {
    spread(bob, news(ada, 1))
    for (let seq = 3; seq < 3 + 1025; seq++) {
      now = (now + 5) as Millis
      spread(bob, news(ada, seq))
    }
    expect(told.slice(0, 3)).toEqual([1, 'lost 1', 3])
    spread(bob, news(ada, 0xffff_ffff))
    pass(11_000)
    expect(told.at(-1)).toBe(0xffff_ffff)
  })

  it('by asking without end is given 512 at once and 256 a second', () => {
    spread(bob, news(ada, 1))
    sent.length = 0
    const want = { type: 'want-news', author: ada, instance: run(ada), numbers: [1] } as const
    for (let i = 0; i < 2000; i++) broadcast.receive(cyd, want, now)
    expect(sentTo(cyd, 'spread')).toHaveLength(512)
    now = (now + 1000) as Millis
    for (let i = 0; i < 2000; i++) broadcast.receive(cyd, want, now)
    expect(sentTo(cyd, 'spread')).toHaveLength(768)
  })
})
