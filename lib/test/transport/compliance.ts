/**
 * What every transport must do, whatever carries it and whichever engines its two ends are in. One
 * list of cases, framework-free; each makes its own peers and leaves the closing of them to its caller.
 */
import assert from 'node:assert/strict'
import { defaultLimits } from '../../src/transport/limits.ts'
import type { Rig, RigPeer } from './rig.ts'

export interface ComplianceCase {
  /** A sentence about behaviour. */
  readonly name: string
  run(rig: Rig): Promise<void>
}

const key = (fill: string): string => fill.repeat(32)

export const complianceCases: readonly ComplianceCase[] = [
  {
    name: 'a dial ends in one link at each end, of the same session',
    run: async (rig) => {
      const [a, b] = await rig.pair()
      const [atA, atB] = [a.of('link'), b.of('link')]
      assert.equal(atA.length + atB.length, 2)
      assert.deepEqual([atA[0]!.peer, atB[0]!.peer], [b.id, a.id])
      assert.deepEqual([atA[0]!.initiator, atB[0]!.initiator], [true, false])
      assert.equal(atA[0]!.session, atB[0]!.session)
      assert.equal(atA[0]!.session.length, 64)
      assert.deepEqual([...a.of('failure'), ...b.of('failure')], [])
    },
  },
  {
    name: 'frames arrive whole, in order, both ways, up to the limit',
    run: async (rig) => {
      const [a, b] = await rig.pair()
      const frames = [1, 2, 100, 16_384, 65_535, 65_536, 3].map((size, i) => `0${i}`.repeat(size))
      for (const frame of frames) {
        assert.equal(await a.call('send', b.id, frame), undefined)
        assert.equal(await b.call('send', a.id, frame), undefined)
      }
      await Promise.all([a.until('frame', frames.length), b.until('frame', frames.length)])
      assert.ok(b.of('frame').every(({ data }, i) => data === frames[i]))
      assert.ok(a.of('frame').every(({ data }, i) => data === frames[i]))
    },
  },
  {
    name: 'an empty frame, and one over the limit, are the caller’s mistake',
    run: async (rig) => {
      const [a, b] = await rig.pair()
      assert.equal(await a.call('send', b.id, ''), 'RangeError')
      assert.equal(await a.call('send', b.id, '00'.repeat(65_537)), 'RangeError')
      await a.call('send', b.id, '07')
      assert.equal((await b.until('frame')).data, '07')
    },
  },
  {
    name: 'a peer that sends a frame over the limit loses its link',
    run: async (rig) => {
      const [a, b] = await rig.pair({ limits: { frameBytesMax: 100_000 } })
      await a.call('send', b.id, '00'.repeat(65_537))
      assert.equal((await b.until('close')).code, 'ERR_FRAME_TOO_LARGE')
      await a.until('close')
      assert.deepEqual(b.of('frame'), [])
    },
  },
  {
    name: 'when both dial at once there is one link, the lower id’s, and no second try',
    run: async (rig) => {
      const [a, b] = [await rig.peer(), await rig.peer()]
      await Promise.all([a.call('dial', b.id), b.call('dial', a.id)])
      const [atA, atB] = await Promise.all([a.until('link'), b.until('link')])
      assert.equal(atA.session, atB.session)
      assert.equal(atA.initiator, a.id < b.id)
      assert.equal(atB.initiator, b.id < a.id)
      await a.call('send', b.id, '01')
      await b.until('frame')
      assert.equal(a.of('link').length + b.of('link').length, 2)
      assert.deepEqual([...a.of('failure'), ...b.of('failure')], [])
    },
  },
  {
    name: 'when everybody dials everybody at once, everybody is linked to everybody once',
    run: async (rig) => {
      const peers: RigPeer[] = []
      for (let i = 0; i < 6; i++) peers.push(await rig.peer())
      await Promise.all(
        peers.flatMap((one) => peers.filter((other) => other !== one).map(({ id }) => one.call('dial', id))),
      )
      await Promise.all(peers.map((peer) => peer.until('link', 5)))
      for (const peer of peers) {
        assert.equal(new Set(peer.of('link').map((link) => link.peer)).size, 5)
        assert.equal(peer.of('link').length, 5)
        assert.deepEqual(peer.of('failure'), [])
      }
    },
  },
  {
    name: 'a second dial to the same peer is ignored, while one is under way and when it is linked',
    run: async (rig) => {
      const [a, b] = [await rig.peer(), await rig.peer()]
      await Promise.all([a.call('dial', b.id), a.call('dial', b.id)])
      await Promise.all([a.until('link'), b.until('link')])
      await a.call('dial', b.id)
      await a.call('send', b.id, '01')
      await b.until('frame')
      assert.equal(a.of('link').length + b.of('link').length, 2)
      assert.deepEqual(a.of('failure'), [])
    },
  },
  {
    name: 'a dial to nobody fails within its deadline',
    run: async (rig) => {
      const [a, b] = [await rig.peer({ limits: { dialDeadlineMs: 200 } }), await rig.peer()]
      rig.relay = () => {}
      await a.call('dial', b.id)
      assert.deepEqual(await a.until('failure'), { type: 'failure', peer: b.id, code: 'ERR_DIAL_TIMEOUT' })
      assert.equal(await a.call('size'), 0)
    },
  },
  {
    name: 'a dial to oneself, or to what is no id, fails',
    run: async (rig) => {
      const a = await rig.peer()
      await a.call('dial', a.id)
      await a.call('dial', 'nobody')
      await a.until('failure', 2)
      assert.deepEqual(
        a.of('failure').map(({ code }) => code),
        ['ERR_HANDSHAKE_SELF', 'ERR_PEER_ID'],
      )
    },
  },
  {
    name: 'closing a link tells both ends once, after what was sent before',
    run: async (rig) => {
      const [a, b] = await rig.pair()
      await a.call('flood', b.id, 8, 16_384)
      await a.call('closeLink', b.id)
      await a.call('closeLink', b.id)
      await Promise.all([a.until('close'), b.until('close')])
      assert.equal(b.of('frame').length, 8)
      assert.equal(b.events.at(-1)!.type, 'close')
      assert.equal(await a.call('send', b.id, '01'), undefined)
      assert.equal(a.of('close').length + b.of('close').length, 2)
      assert.deepEqual([await a.call('size'), await b.call('size')], [0, 0])
    },
  },
  {
    name: 'after a close the same two peers link again, in another session',
    run: async (rig) => {
      const [a, b] = await rig.pair()
      await a.call('closeLink', b.id)
      await Promise.all([a.until('close'), b.until('close')])
      await b.call('dial', a.id)
      const [again, atB] = await Promise.all([a.until('link', 2), b.until('link', 2)])
      assert.equal(again.session, atB.session)
      assert.notEqual(again.session, a.of('link')[0]!.session)
      assert.equal(again.initiator, false)
    },
  },
  {
    name: 'a peer that comes back takes the place of its older link',
    run: async (rig) => {
      const seed = key('5e')
      const [a, b] = [await rig.peer(), await rig.peer({ seed })]
      await b.call('dial', a.id)
      await a.until('link')
      // The same key elsewhere, while the older end is still open: as after a crash that nobody noticed.
      rig.peers.splice(rig.peers.indexOf(b), 1)
      const again = await rig.peer({ seed })
      await again.call('dial', a.id)
      await again.until('link')
      await a.until('link', 2)
      assert.equal((await a.until('close')).code, 'ERR_LINK_REPLACED')
      await again.call('send', a.id, '09')
      assert.equal((await a.until('frame')).data, '09')
      await b.call('close')
    },
  },
  {
    name: 'a transport that is closed calls nobody back, and its peers see their links close',
    run: async (rig) => {
      const [a, b] = await rig.pair()
      await a.call('close')
      await b.until('close')
      const heard = a.events.length
      await a.call('dial', b.id)
      await b.call('dial', a.id)
      await b.until('signal')
      assert.equal(await a.call('send', b.id, '01'), undefined)
      assert.equal(a.events.length, heard)
      assert.equal(await a.call('size'), 0)
    },
  },
  {
    name: 'a flood of frames waits in bufferedBytes, drains, and arrives in order',
    run: async (rig) => {
      const [a, b] = await rig.pair({ limits: { bufferedBytesMax: 8_388_608 } })
      const most = Number(await a.call('flood', b.id, 64, 65_536))
      await b.until('frame', 64)
      // In Node on a fast machine each send is through before the next, and there is nothing to drain.
      if (most > defaultLimits.bufferedBytesLow) await a.until('drain')
      assert.ok(b.of('frame').every(({ data }, i) => Number.parseInt(data.slice(0, 8), 16) === i))
      assert.ok(Number(await a.call('buffered', b.id)) <= 65_536)
    },
  },
  {
    name: 'a link whose buffer is over its limit is closed',
    run: async (rig) => {
      const [a, b] = await rig.pair({ limits: { bufferedBytesMax: 65_535 } })
      // One byte more than may ever wait: how fast the machine is makes no difference.
      await a.call('flood', b.id, 1, 65_536)
      assert.equal((await a.until('close')).code, 'ERR_LINK_BACKPRESSURE')
      await b.until('close')
      assert.equal(a.of('close').length, 1)
    },
  },
  {
    name: 'garbage for signals is ignored, and a link opens all the same',
    run: async (rig) => {
      const [a, b] = [await rig.peer(), await rig.peer()]
      for (const junk of ['', '00', 'ff'.repeat(20_000), '0101' + '00'.repeat(16), '0104' + '11'.repeat(16)]) {
        await b.call('signal', a.id, junk)
        await b.call('signal', 'nobody', junk)
        await b.call('signal', b.id, junk)
      }
      await a.call('dial', b.id)
      await Promise.all([a.until('link'), b.until('link')])
      assert.deepEqual(b.of('failure'), [])
    },
  },
  {
    name: 'peers of one secret link, also while it is being replaced',
    run: async (rig) => {
      const [a, b] = await rig.pair(
        { psk: { prove: key('01'), accept: [key('01'), key('02')] } },
        { psk: { prove: key('02'), accept: [key('02'), key('01')] } },
      )
      assert.equal(a.of('link')[0]!.session, b.of('link')[0]!.session)
    },
  },
  {
    name: 'peers of different secrets, or of none at one end, do not link',
    run: async (rig) => {
      for (const other of [{ psk: { prove: key('02'), accept: [key('02')] } }, {}]) {
        const [a, b] = [await rig.peer({ psk: { prove: key('01'), accept: [key('01')] } }), await rig.peer(other)]
        await a.call('dial', b.id)
        const codes = [(await a.until('failure')).code, (await b.until('failure')).code]
        assert.ok(codes.includes('ERR_HANDSHAKE_SECRET'), codes.join())
        assert.deepEqual([...a.of('link'), ...b.of('link')], [])
      }
    },
  },
  {
    name: 'peers of different rooms do not link',
    run: async (rig) => {
      const [a, b] = [await rig.peer(), await rig.peer({ meshId: key('33') })]
      await a.call('dial', b.id)
      const codes = [(await a.until('failure')).code, (await b.until('failure')).code]
      assert.ok(codes.includes('ERR_HANDSHAKE_SIGNATURE'), codes.join())
      assert.deepEqual([...a.of('link'), ...b.of('link')], [])
    },
  },
  {
    name: 'a peer that the room does not admit has no link, and neither believes in one',
    run: async (rig) => {
      const [a, b] = [await rig.peer({ demands: 'c0ffee' }), await rig.peer({ capability: 'bad0' })]
      await b.call('dial', a.id)
      assert.equal((await a.until('failure')).code, 'ERR_TEST_REFUSED')
      await b.until('failure')
      assert.deepEqual([...a.of('link'), ...b.of('link')], [])
      const admitted = await rig.peer({ capability: 'c0ffee' })
      await admitted.call('dial', a.id)
      await Promise.all([a.until('link'), admitted.until('link')])
    },
  },
  {
    name: 'a key that is not the one dialled gets no link',
    run: async (rig) => {
      const [a, b, c] = [await rig.peer(), await rig.peer(), await rig.peer()]
      // The carrier hands what is meant for b to c, and back.
      rig.relay = (from, _to, payload) => {
        if (from === a) void c.call('signal', a.id, payload)
        else void a.call('signal', b.id, payload)
      }
      await a.call('dial', b.id)
      assert.equal((await a.until('failure')).code, 'ERR_HANDSHAKE_WRONG_PEER')
      await c.until('failure')
      assert.deepEqual([...a.of('link'), ...c.of('link')], [])
    },
  },
  {
    name: 'who has enough to do refuses at once',
    run: async (rig) => {
      const b = await rig.peer({ limits: { incomingMax: 0 } })
      const a = await rig.peer()
      await a.call('dial', b.id)
      assert.equal((await a.until('failure')).code, 'ERR_REFUSED')
      const c = await rig.peer({ limits: { dialsMax: 0 } })
      await c.call('dial', a.id)
      assert.equal((await c.until('failure')).code, 'ERR_TOO_MANY_DIALS')
    },
  },
]
