/**
 * From bytes to what the core may believe. One queue for each link, order kept: a frame that waits for a
 * signature check holds back those behind it, and the checks of all of them run side by side.
 *
 * Each frame passes, cheapest first: size, the link's budget of frames and bytes, scan, shape, then for each
 * claim in it: seen before, the budget of signature checks, size, scan, shape, time, signature. A frame with
 * a claim that is at fault is refused whole. A claim that is too old, too new or over the budget is only cut
 * out, since whoever sent it may be honest; whoever sends them by the thousand has a link that is read no more.
 *
 * Ingress blames and counts nothing: it says `refused` with a code, and whether that is the neighbour's
 * fault. Strikes and hanging up are the core's business.
 */
import { claimTypes, type Digest, type Verified } from '../identity/claim.ts'
import { open, type Unopened, unwrap } from '../identity/envelope.ts'
import type { Verifier } from '../identity/keys.ts'
import type { Millis, WallMillis } from '../identity/millis.ts'
import type { MeshId, PeerId } from '../identity/peer-id.ts'
import type { Proofs } from '../identity/proofs.ts'
import { isSealed, type Sealer } from '../identity/sealer.ts'
import type { Input, LinkId } from '../core/input.ts'
import type { Claim, Message, RoutedMessage } from '../core/message.ts'
import { decodeClaim } from '../wire/claims.ts'
import { type ErrorCode, errors, WireError } from '../wire/errors.ts'
import { completeFrame, decodeFrame, isProbe, type ReadFrame } from '../wire/frames.ts'
import { clockSkewMsMax, frameBytesMax } from '../wire/limits.ts'
import { Account, Accounts } from './account.ts'
import { checksAtOnce, type LinkBudget, nativeBudget } from './budget.ts'
import { ClaimCache, sameBytes } from './claim-cache.ts'
import { faultChecks, openEvidence } from './evidence.ts'
import type { FrameMemo } from './frame-memo.ts'

/** What ingress has to say to the core. */
export type Arrival = Extract<Input, { type: 'received' | 'refused' }>

export interface IngressOptions {
  readonly self: PeerId
  readonly meshId: MeshId
  readonly verifier: Verifier
  /** Called in each link's own order: at once for what needs no signature check, else when that is done. */
  readonly deliver: (arrival: Arrival) => void
  readonly budget?: LinkBudget
  /** Opens the signals that are sealed to us; without one they are refused. */
  readonly sealer?: Sealer | undefined
  /** To share verified claims with egress, or between the peers of a simulation. */
  readonly cache?: ClaimCache
  readonly memo?: FrameMemo
  /** In rooms of capabilities: what claims of members and writers have to show. */
  readonly proofs?: Proofs | undefined
}

/** With the checks of one neighbour: how many are under way, and those that wait for one of them to be done. */
class CheckingAccount extends Account {
  checking = 0
  readonly toCheck: Check[] = []
}

interface Check {
  readonly link: LinkState
  readonly unopened: Unopened<Claim>
  readonly answers: Opened[]
}

interface LinkState {
  readonly link: LinkId
  readonly account: CheckingAccount
  /** Frames in the order of arrival, from the first that still waits. */
  readonly queue: Slot[]
  queuedBytes: number
  /** Over its budget: the rest of what it sends is not looked at, and what waits is not delivered. */
  spent: boolean
  /** The channel has closed: called when the queue is empty. */
  ended: (() => void) | undefined
}

/** A frame's place in its link's queue. */
interface Slot {
  readonly bytes: number
  arrivals: readonly Arrival[] | undefined
}

interface Resolved {
  readonly claims: readonly Verified<Claim>[]
  /** A claim is at fault, and so is the frame. */
  readonly refusal: ErrorCode | undefined
  /** Why claims were cut out. */
  readonly cut: ErrorCode | undefined
}

/** A routed claim under way, perhaps to us. */
type Forward = Extract<Message, { readonly type: 'forward' }>

type Opened = (claim: Verified<Claim> | undefined, fault: ErrorCode | undefined) => void

export class Ingress {
  readonly #options: IngressOptions
  readonly #budget: LinkBudget
  readonly #cache: ClaimCache
  readonly #links = new Map<LinkId, LinkState>()
  readonly #accounts = new Accounts(() => new CheckingAccount(this.#budget))
  /** Claims whose signature is being checked: a second copy waits for the first one's answer. */
  readonly #opening = new Map<Digest, { readonly envelope: Uint8Array; readonly waiting: Opened[] }>()
  #wallOffsetMs = 0

  constructor(options: IngressOptions) {
    this.#options = options
    this.#budget = options.budget ?? nativeBudget
    this.#cache = options.cache ?? new ClaimCache(options.meshId)
    if (!sameBytes(this.#cache.meshId, options.meshId)) throw new Error('a claim cache of another room')
  }

  /** Calendar time is `now + wallOffsetMs`. Before the first call nothing can be received. */
  setClock(wallOffsetMs: number): void {
    this.#wallOffsetMs = wallOffsetMs
  }

  /** `peer`: whose links share a budget; undefined for one that has its own. */
  openLink(link: LinkId, peer?: PeerId): void {
    if (this.#links.has(link)) throw new Error(`link ${link} is already open`)
    this.#links.set(link, {
      link,
      account: this.#accounts.of(peer),
      queue: [],
      queuedBytes: 0,
      spent: false,
      ended: undefined,
    })
  }

  /** What has not been delivered yet never will be. */
  closeLink(link: LinkId): void {
    this.#links.delete(link)
  }

  /**
   * No frame will follow. What came before is still delivered, since it may be a leave; `done` is called after
   * the last of it.
   */
  endLink(link: LinkId, done: () => void): void {
    const state = this.#links.get(link)
    if (!state || state.queue.length === 0) {
      this.#links.delete(link)
      return done()
    }
    state.ended = done
  }

  /** Takes one frame. The array must not be written to afterwards. Never throws for what is in it. */
  receive(link: LinkId, bytes: Uint8Array, now: Millis): void {
    const state = this.#links.get(link)
    if (!state || state.spent || state.ended) return
    if (bytes.length === 0 || bytes.length > frameBytesMax) return this.#refuse(state, 'ERR_FRAME_TOO_LARGE')
    if (!state.account.frames.take(1, now)) return this.#cutOff(state, 'ERR_LINK_FRAME_RATE')
    if (!state.account.bytes.take(bytes.length, now)) return this.#cutOff(state, 'ERR_LINK_BYTE_RATE')

    const wall = (now + this.#wallOffsetMs) as WallMillis
    const known = this.#options.memo?.find(bytes, wall)
    if (known) return this.#finish(state, known, bytes.length, undefined, now)

    let frame: ReadFrame
    try {
      frame = decodeFrame(bytes)
    } catch (reason) {
      return this.#refuse(state, codeOf(reason))
    }
    if (frame.envelopes.length === 0) {
      const message = completeFrame(frame, [])
      this.#options.memo?.add(bytes, message, -Infinity, Infinity)
      return this.#finish(state, message, bytes.length, undefined, now)
    }
    if (!state.account.claims.take(frame.envelopes.length, now)) return this.#cutOff(state, 'ERR_LINK_CLAIM_RATE')
    const slot = this.#enqueue(state, bytes.length)
    if (!slot) return
    this.#resolve(state, frame, now, ({ claims, refusal, cut }) => {
      if (refusal !== undefined) return this.#settle(state, slot, [refused(link, refusal)])
      if (frame.carries === 'claim' && claims.length === 0) return this.#settle(state, slot, [refused(link, cut!)])
      const message = seen(completeFrame(frame, claims), cut)
      if (message.type === 'forward' && !pathFits(message)) {
        return this.#settle(state, slot, [refused(link, 'ERR_FRAME_SHAPE')])
      }
      if (cut === undefined) this.#remember(bytes, message, claims)
      this.#complete(state, slot, message, cut, now)
    })
  }

  /** A message whose own claims are verified, and that may have a frame inside. */
  #finish(state: LinkState, message: Message, bytes: number, cut: ErrorCode | undefined, now: Millis): void {
    if (state.queue.length === 0 && !this.#isForUs(message)) {
      this.#options.deliver({ type: 'received', link: state.link, message })
      return
    }
    const slot = this.#enqueue(state, bytes)
    if (slot) this.#complete(state, slot, message, cut, now)
  }

  #complete(state: LinkState, slot: Slot, message: Message, cut: ErrorCode | undefined, now: Millis): void {
    const { link } = state
    const notices = cut === undefined ? [] : [refused(link, cut)]
    if (!this.#isForUs(message)) {
      return this.#settle(state, slot, [...notices, { type: 'received', link, message }])
    }
    // The payload is its author's, and no relay reads it: nobody on the way is to blame for it.
    const finish = (inside: Pick<Forward, 'inner' | 'signal'> | undefined): void => {
      if (inside === undefined) {
        if (!this.#toleratesUseless(state, now)) return
        return this.#settle(state, slot, [...notices, refused(link, 'ERR_ROUTED_PAYLOAD')])
      }
      this.#settle(state, slot, [...notices, { type: 'received', link, message: { ...message, ...inside } }])
    }
    if (message.claim.kind === 'signal') this.#openSignal(state, message, now, finish)
    else this.#openRouted(state, message, now, (inner) => finish(inner && { inner }))
  }

  #isForUs(message: Message): message is Forward {
    if (message.type !== 'forward' || message.claim.to !== this.#options.self) return false
    return message.claim.kind === 'frame' || (message.claim.kind === 'signal' && isSealed(message.claim.payload))
  }

  /** Opening is curve arithmetic, whoever repeats a claim that is known. */
  #openSignal(
    state: LinkState,
    { claim }: Forward,
    now: Millis,
    done: (inside: { signal: Uint8Array } | undefined) => void,
  ): void {
    const { sealer } = this.#options
    if (sealer === undefined || !state.account.verifications.take(1, now)) return done(undefined)
    sealer.open(claim.author, claim.payload, (signal) => done(signal && { signal }))
  }

  /** Reads the frame that a routed claim holds, and verifies the claims in that. */
  #openRouted(state: LinkState, forward: Forward, now: Millis, done: (inner: RoutedMessage | undefined) => void): void {
    let frame: ReadFrame
    try {
      frame = decodeFrame(forward.claim.payload)
    } catch (reason) {
      codeOf(reason)
      return done(undefined)
    }
    if (!isRoutable(frame)) return done(undefined)
    if (!state.account.claims.take(frame.envelopes.length, now)) return this.#cutOff(state, 'ERR_LINK_CLAIM_RATE')
    this.#resolve(state, frame, now, ({ claims, refusal }) => {
      if (refusal !== undefined || (frame.carries === 'claim' && claims.length === 0)) return done(undefined)
      done(completeFrame(frame, claims) as RoutedMessage)
    })
  }

  /**
   * Verifies the claims of a frame, the ones seen before without work. Answers at once when nothing has to wait, and never
   * when the link is over a budget.
   */
  #resolve(state: LinkState, frame: ReadFrame, now: Millis, done: (resolved: Resolved) => void): void {
    const wall = now + this.#wallOffsetMs
    const claims: (Verified<Claim> | undefined)[] = []
    let refusal: ErrorCode | undefined
    let cut: ErrorCode | undefined
    let waiting = 1
    const settle = () => {
      if (--waiting > 0) return
      done({ claims: claims.filter((claim) => claim !== undefined), refusal, cut })
    }
    for (const [index, envelope] of frame.envelopes.entries()) {
      if (refusal !== undefined) break // a verifier that answers at once has refused one: no more of its time
      claims.push(undefined)
      const known = this.#cache.find(envelope)
      if (known) {
        if (!frame.types.includes(known.type)) refusal ??= 'ERR_CLAIM_TYPE'
        const untimely = timeFault(known, wall)
        if (untimely === undefined) claims[index] = known
        else if (!this.#toleratesUseless(state, now)) return
        else cut ??= untimely
        continue
      }
      if (!frame.types.some((type) => claimTypes[type] === envelope[0])) {
        refusal ??= 'ERR_CLAIM_TYPE'
        break
      }
      // Not even read: whoever is over it may be honest, and what is left out comes again.
      if (!state.account.verifications.has(1, now)) {
        if (!state.account.unread.take(1, now)) return this.#cutOff(state, 'ERR_LINK_VERIFY_RATE')
        cut ??= 'ERR_VERIFY_RATE'
        continue
      }
      let unopened
      try {
        unopened = unwrap(envelope, decodeClaim)
      } catch (reason) {
        refusal ??= codeOf(reason)
        break
      }
      const untimely = timeFault(unopened.claim, wall)
      if (untimely !== undefined) {
        if (!this.#toleratesUseless(state, now)) return
        cut ??= untimely
        continue
      }
      const answer: Opened = (claim, fault) => {
        if (claim) claims[index] = claim
        else refusal ??= fault
        settle()
      }
      const { digest } = unopened
      const opening = this.#opening.get(digest)
      if (opening && sameBytes(opening.envelope, envelope)) {
        waiting++
        opening.waiting.push(answer)
        continue
      }
      if (unopened.claim.type === 'news' && !this.#toleratesNews(state, unopened.claim.author, now)) return
      if (!state.account.verifications.take(unopened.claim.type === 'fault' ? faultChecks : 1, now)) {
        cut ??= 'ERR_VERIFY_RATE'
        continue
      }
      waiting++
      const answers = [answer]
      // The same claim under another signature, at the same time, is on its own.
      if (!opening) this.#opening.set(digest, { envelope, waiting: answers })
      this.#check({ link: state, unopened, answers })
    }
    settle()
  }

  /** Now, or when one of so many that are under way is done. */
  #check(check: Check): void {
    const { account } = check.link
    if (account.checking >= checksAtOnce) return void account.toCheck.push(check)
    const { unopened, answers } = check
    account.checking += 1
    this.#open(unopened, (claim, fault) => {
      account.checking -= 1
      this.#answered(check)
      for (const each of answers) each(claim, fault)
      const next = account.toCheck.shift()
      if (next) this.#check(next)
    })
  }

  #answered({ unopened, answers }: Check): void {
    if (this.#opening.get(unopened.digest)?.waiting === answers) this.#opening.delete(unopened.digest)
  }

  /** The signature, then the proof that its author may say so. Only what has both is kept. */
  #open(unopened: Unopened<Claim>, done: Opened): void {
    const { verifier, meshId, proofs } = this.#options
    open(verifier, meshId, unopened, (claim) => {
      if (!claim) return done(undefined, 'ERR_CLAIM_SIGNATURE')
      const settle = (fault?: ErrorCode) => (fault ? done(undefined, fault) : done(this.#keep(claim), undefined))
      if (claim.type === 'fault') openEvidence(verifier, meshId, claim, settle)
      else if (proofs) proofs.check(claim, settle)
      else settle()
    })
  }

  /** One object for one claim, whichever of its signatures came first. */
  #keep(claim: Verified<Claim>): Verified<Claim> {
    const known = this.#cache.findDigest(claim.digest)
    if (known) return known
    this.#cache.add(claim)
    return claim
  }

  #remember(bytes: Uint8Array, message: Message, claims: readonly Verified<Claim>[]): void {
    if (!this.#options.memo) return
    const from = Math.max(...claims.map((claim) => claim.issuedAt - clockSkewMsMax))
    const until = Math.min(...claims.map((claim) => claim.issuedAt + claim.ttlMs + clockSkewMsMax))
    this.#options.memo.add(bytes, message, from, until)
  }

  #refuse(state: LinkState, code: ErrorCode): void {
    const arrival = refused(state.link, code)
    if (state.queue.length === 0) return this.#options.deliver(arrival)
    const slot = this.#enqueue(state, 0)
    if (slot) this.#settle(state, slot, [arrival])
  }

  /** False when that was one too many. */
  #toleratesUseless(state: LinkState, now: Millis): boolean {
    if (state.account.useless.take(1, now)) return true
    this.#cutOff(state, 'ERR_LINK_STALE_RATE')
    return false
  }

  #toleratesNews(state: LinkState, author: PeerId, now: Millis): boolean {
    if (state.account.takeNews(author, now)) return true
    this.#cutOff(state, 'ERR_LINK_NEWS_RATE')
    return false
  }

  /** Out of turn: what is queued belongs to a link that is about to be closed, and is not worth any more work. */
  #cutOff(state: LinkState, code: ErrorCode): void {
    if (state.spent) return
    state.spent = true
    state.queue.length = 0
    // But for those that somebody else waits for as well.
    const wanted = state.account.toCheck.splice(0).filter((check) => {
      if (check.link !== state || check.answers.length > 1) return true
      this.#answered(check)
      return false
    })
    state.account.toCheck.push(...wanted)
    this.#options.deliver({ type: 'refused', link: state.link, code, blame: errors[code].blame, final: true })
    if (state.ended && this.#links.delete(state.link)) state.ended()
  }

  #enqueue(state: LinkState, bytes: number): Slot | undefined {
    if (state.queue.length >= this.#budget.backlogFrames || state.queuedBytes + bytes > this.#budget.backlogBytes) {
      this.#cutOff(state, 'ERR_LINK_BACKLOG')
      return undefined
    }
    const slot: Slot = { bytes, arrivals: undefined }
    state.queue.push(slot)
    state.queuedBytes += bytes
    return slot
  }

  /** Fills a slot, and delivers from the front of the queue whatever is filled. */
  #settle(state: LinkState, slot: Slot, arrivals: readonly Arrival[]): void {
    slot.arrivals = arrivals
    while (state.queue[0]?.arrivals) {
      const { arrivals, bytes } = state.queue.shift()!
      state.queuedBytes -= bytes
      for (const arrival of arrivals!) {
        // The core may have hung up because of what came before.
        if (this.#links.get(state.link) === state) this.#options.deliver(arrival)
      }
    }
    if (state.ended && state.queue.length === 0 && this.#links.delete(state.link)) state.ended()
  }
}

function refused(link: LinkId, code: ErrorCode): Arrival {
  return { type: 'refused', link, code, blame: errors[code].blame }
}

/**
 * Whether a claim is outside its time even by a clock that is a minute off. The core, which knows how its
 * clock compares with its neighbours', judges exactly; this only saves the curve arithmetic.
 */
export function timeFault(claim: Claim, wall: number): ErrorCode | undefined {
  if (claim.issuedAt > wall + clockSkewMsMax) return 'ERR_CLAIM_EARLY'
  // What the owner took back stays taken back: an old list says more than none.
  if (claim.type !== 'revoke' && claim.issuedAt + claim.ttlMs + clockSkewMsMax < wall) return 'ERR_CLAIM_EXPIRED'
  return undefined
}

/** With what ingress alone can tell: what a relay sees of the frame inside, and whether entries were left out unchecked. */
function seen(message: Message, cut: ErrorCode | undefined): Message {
  if (message.type === 'entries' && cut === 'ERR_VERIFY_RATE') return { ...message, cut: true }
  const probe = message.type === 'forward' && message.claim.kind === 'frame' && isProbe(message.claim.payload)
  return probe ? { ...message, probe } : message
}

/** The path is outside the signature, but its ends are not free. */
function pathFits({ path, claim }: Forward): boolean {
  return path.at(-1) === claim.to && !path.includes(claim.author)
}

const unroutable: ReadonlySet<string> = new Set<Exclude<Message['type'], RoutedMessage['type']>>([
  'forward',
  'undeliverable',
  'fresh',
  'roots',
  'tree-want',
  'tree-have',
  'entries-want',
  'entries',
  'had',
  'want-news',
  'offer',
  'chunk',
  'credit',
  'finish',
  'stop',
  'revocations',
  'fault',
])

function isRoutable(frame: ReadFrame): boolean {
  return !unroutable.has(frame.partial.type)
}

/** The code of what reading throws; anything else is thrown on. */
export function codeOf(reason: unknown): ErrorCode {
  if (reason instanceof WireError) return reason.code
  throw reason
}
