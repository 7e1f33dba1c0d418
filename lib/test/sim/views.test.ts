/**
 * The laws of a view. What a peer believes of who is here depends on the claims that it has seen and not on
 * how they came: in any order, any number of times, from one neighbour or through another's view.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Core } from '../../src/core/core.ts'
import type { LinkId } from '../../src/core/input.ts'
import { meshIdOf } from '../../src/identity/peer-id.ts'
import type { Digest, Verified } from '../../src/identity/claim.ts'
import type { Millis, WallMillis } from '../../src/identity/millis.ts'
import type { InstanceId } from '../../src/identity/peer-id.ts'
import { Egress } from '../../src/pipeline/egress.ts'
import { recallEntry } from '../../src/pipeline/recall.ts'
import { fastCrypto } from '../../src/sim/crypto.ts'
import { Prng } from '../../src/sim/prng.ts'
import type { Alive, Incarnation, Leave, SwimClaim } from '../../src/swim/messages.ts'

const meshId = meshIdOf('laws')
const suite = fastCrypto()
const prng = new Prng('laws')
const wallOffsetMs = Date.UTC(2026, 0, 1)
const now = 1000 as Millis

const authors = Array.from({ length: 4 }, () => {
  const signer = suite.signer(prng)
  const egress = new Egress({ meshId, signer })
  const runs = [0, 1].map((run) => ({ instance: instance(), startedAt: (wallOffsetMs + run * 100) as WallMillis }))
  const sealed = new Map<string, Verified<SwimClaim>>()
  /** One claim for one description, so that two peers that were told the same were told the very same. */
  const seal = (name: string, draft: Alive | Leave): Verified<SwimClaim> => {
    const known = sealed.get(name)
    if (known !== undefined) return known
    let claim: Verified<SwimClaim> | undefined
    egress.seal(draft, (answer) => {
      if (!(answer instanceof Error)) claim = answer as Verified<SwimClaim>
    })
    if (claim === undefined) throw new Error('the stand-in answers at once')
    sealed.set(name, claim)
    return claim
  }
  return { author: signer.peerId, runs, seal }
})

function instance(): InstanceId {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
  return (Array.from({ length: 21 }, () => alphabet[prng.int(alphabet.length)]).join('') + 'A') as InstanceId
}

/** Alive in one of two runs, three incarnations and two leases, or gone. */
const claims = fc
  .record({
    who: fc.nat(3),
    run: fc.nat(1),
    incarnation: fc.nat(2),
    renewal: fc.nat(1),
    leaves: fc.boolean(),
  })
  .map(({ who, run, incarnation, renewal, leaves }): Verified<SwimClaim> => {
    const { author, runs, seal } = authors[who] ?? never()
    const { instance, startedAt } = runs[run] ?? never()
    const base = { author, issuedAt: (wallOffsetMs + 500 + renewal) as WallMillis, ttlMs: 60_000, instance, startedAt }
    if (leaves) return seal(`leave ${run}`, { type: 'leave', ...base, issuedAt: wallOffsetMs as WallMillis })
    return seal(`alive ${run} ${incarnation} ${renewal}`, {
      type: 'alive',
      ...base,
      incarnation: incarnation as Incarnation,
      metadata: new Uint8Array([0xa1, 0x61, 0x69, incarnation]),
      zone: '',
      admission: new Uint8Array(0),
      sealingKey: new Uint8Array(0),
      incarnationDigest: '' as Digest,
    })
  })

const sets = fc.array(claims, { maxLength: 12 })

function never(): never {
  throw new Error('out of range')
}

class View {
  readonly #core: Core
  readonly #given: Verified<SwimClaim>[] = []

  constructor() {
    const me = suite.signer(new Prng('me')).peerId
    const options = {
      id: me,
      meshId: meshIdOf('a room'),
      recall: recallEntry,
      instance: 'AAAAAAAAAAAAAAAAAAAAAA' as InstanceId,
      startedAt: wallOffsetMs as WallMillis,
      seed: [1, 2, 3, 4] as const,
      metadata: new Uint8Array([0xa0]),
      zone: '',
      wallOffsetMs,
    }
    this.#core = new Core(options, now)
    this.#core.start(now)
    this.#core.handle({ type: 'link-opened', link, peer: neighbour, initiator: true }, now)
  }

  take(given: readonly Verified<SwimClaim>[]): this {
    for (const claim of given) {
      this.#given.push(claim)
      this.#core.handle({ type: 'received', link, message: { type: 'gossip', claims: [claim] } }, now)
    }
    return this
  }

  /** All that the other view was made of. */
  merge(other: View): this {
    return this.take(other.#given)
  }

  get believed(): string[] {
    // Of who is here; whether somebody who is not was ever heard of depends on what came first.
    return [...this.#core.members().values()]
      .filter(({ status }) => status === 'alive' || status === 'suspect')
      .map(({ id, instance, incarnation, metadata }) => [id, instance, incarnation, metadata].join())
      .sort()
  }
}

const link = 1 as LinkId
const neighbour = suite.signer(prng).peerId

const view = (given: readonly Verified<SwimClaim>[]): View => new View().take(given)

describe('a view', () => {
  it('is the same after any interleaving of the same claims', () => {
    const interleavings = sets.chain((set) =>
      fc.tuple(fc.constant(set), fc.shuffledSubarray(set, { minLength: set.length, maxLength: set.length })),
    )
    fc.assert(
      fc.property(interleavings, ([set, shuffled]) => {
        expect(view(shuffled).believed).toEqual(view(set).believed)
      }),
    )
  })

  it('is the same however often it hears the same: merging is idempotent', () => {
    fc.assert(
      fc.property(sets, (set) => {
        expect(view(set).merge(view(set)).believed).toEqual(view(set).believed)
      }),
    )
  })

  it('merges the same either way round: merging is commutative', () => {
    fc.assert(
      fc.property(sets, sets, (a, b) => {
        expect(view(a).merge(view(b)).believed).toEqual(view(b).merge(view(a)).believed)
      }),
    )
  })

  it('merges the same in any grouping: merging is associative', () => {
    fc.assert(
      fc.property(sets, sets, sets, (a, b, c) => {
        const left = view(a).merge(view(b)).merge(view(c))
        const right = view(a).merge(view(b).merge(view(c)))
        expect(left.believed).toEqual(right.believed)
      }),
    )
  })
})
