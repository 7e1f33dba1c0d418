/** The parameters of edges, by name, and where each default comes from. */

export interface EdgesOptions {
  /** Links beside the rings, to members chosen at random; 0 for none. Only where not everybody is a neighbour. */
  readonly extraLinks?: number
  /** No more links than this, whoever dials. */
  readonly linksMax?: number
  /** Own dials under way. */
  readonly dialsMax?: number
  /** A dial of which nothing was heard for so long has failed. Longer than the transport's own deadline. */
  readonly dialMs?: number
  /** Calls that one neighbour may hand us, each second and at once. */
  readonly callsPerSecond?: number
  readonly callsBurst?: number
  /** How long whoever is not to dial first leaves a dial to the other. */
  readonly yieldMs?: number
  /** How long a new neighbour must stay one before it is dialled, in a large mesh. */
  readonly settleMs?: number
  /** How long a link that neither end needs is kept. */
  readonly graceMs?: number
  /** A ring neighbour's link on which nothing was heard for so long is closed. */
  readonly muteMs?: number
  /** Failed dials after which a pair counts as unable to link. */
  readonly unlinkableDials?: number
  /** How long after that it is tried again; doubles with each time. */
  readonly unlinkableMs?: number
  /** How many members stay registered at the signaling server, so that newcomers find a door. */
  readonly doorKeepers?: number
  /** In a mesh of at most so many, everybody does. */
  readonly doorAllUpTo?: number
}

export const edgesDefaults = {
  // SECURITY A.4: two slots that nobody else chooses against eclipses (gossipsub's D_out); one may be a grant of ours.
  extraLinks: 2,
  // 8 + 2 at rest; the rest is room for newcomers and for edges that fell to us from unlinkable pairs. A guess.
  linksMax: 16,
  // SECURITY A.4: at most 8 unauthenticated dials at once.
  dialsMax: 8,
  // SECURITY A.4: the transport gives up at 8 s.
  dialMs: 12_000,
  // Three quarters of `linksMax` at once, and six in `dialMs`: no neighbour is to take all places of those on their way.
  // measured: npm run sim -- one-contact --peers 256, where nobody is handed more than twelve.
  callsPerSecond: 0.5,
  callsBurst: 12,
  // A guess: gossip of a join reaches the neighbour and its offer comes back within this, on busy machines too.
  yieldMs: 1000,
  // A guess: what is learnt from one push-pull and the gossip beside it is one change.
  settleMs: 100,
  // A guess: some five times what a join needs to be known by all.
  graceMs: 5000,
  // A guess: at eight neighbours SWIM sends something over each link every 4 s on average.
  muteMs: 30_000,
  // A guess: one for each side's offer.
  unlinkableDials: 2,
  // Two ends that start on a busy machine look like it too. measured: of 22 peers on two cores that were, some pairs.
  unlinkableMs: 20_000,
  // A guess: all five fail together once in 100,000 times at a 10 % failure rate.
  doorKeepers: 5,
  doorAllUpTo: 16,
} satisfies Required<EdgesOptions>
