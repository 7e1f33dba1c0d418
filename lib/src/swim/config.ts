/**
 * Every parameter of the failure detector, under the name that the papers give it. Times are in
 * milliseconds. A default says where it comes from.
 */
export interface SwimConfig {
  /** How often one neighbour is probed. SWIM §4.1; memberlist LAN: 1 s. */
  readonly protocolPeriodMs: number
  /** Waited for a direct ack before any round trip was measured. memberlist LAN `ProbeTimeout`: 500 ms. */
  readonly probeTimeoutInitialMs: number
  /** The direct timeout follows the round trip (RFC 6298: srtt + 4 · rttvar) but is never below this. A guess: several times a browser's garbage collection pause. */
  readonly probeTimeoutMinMs: number
  readonly probeTimeoutMaxMs: number
  /** k, how many others are asked to ping a silent target. SWIM §4.1, memberlist `IndirectChecks`: 3. */
  readonly indirectProbes: number
  /** A helper answers `nack` at this part of the time it was given. Lifeguard §IV.A: 80 %. */
  readonly nackFraction: number
  /** How many accusers a verdict needs at most: k(m) = min(this, ⌈m/2⌉) of m monitors. Measured with 8 monitors: the balanced value up to a tenth of liars. */
  readonly accusersNeededMax: number
  /** The suspicion time is never below this, whatever the mesh's crossing time. A guess. */
  readonly suspicionMinMs: number
  /** The suspicion time with no accuser beyond the needed ones, as a multiple of its least value. Lifeguard β = 6 is for one accuser; here it is counted from the k-th. A guess. */
  readonly suspicionMaxFactor: number
  /** The part of an accusation's age that counts towards the suspicion time. At 1 whoever hears of it late hears of a verdict, as of SWIM's confirm (§4.2); at 0, since no one's word is a death here, it is given the time to be refuted. */
  readonly accusationAgeCounted: number
  /** An accusation that finds too few companions is forgotten after this long. Suspicions that last are either verdicts or mistakes. A guess. */
  readonly accusationWindowMs: number
  /** A member refutes at most this often. */
  readonly refuteIntervalMs: number
  /** Whose accusation was refuted does not accuse that subject again for so long. */
  readonly cooldownMs: number
  /** … unless it has been silent for so long: then it is hardly the same mistake again. A guess: five probes' time. */
  readonly cooldownSilenceMs: number
  /** Accusing more members than this in vain makes an accuser's word count for less. A guess: two of eight neighbours may be slow at once; of a third it is the accuser that is. */
  readonly vainSubjectsMax: number
  /** … within this time. */
  readonly vainWindowMs: number
  /** … and for so long it begins no doubt. As long as a link stays away that was closed for its faults. measured: npm run sim -- collusion */
  readonly discountMs: number
  /** A neighbour that left more than this part of our last probes unanswered has a bad connection: then no cool-down, and a frame of its now and then is no evidence of life. A guess: 30 % loss does this to 12 % of probes. */
  readonly unreliableFailures: number
  /** Own evidence of life (a frame over the direct link) outweighs others' accusations for so long. */
  readonly freshEvidenceMs: number
  /** Largest local-health score, S. Lifeguard §IV.A, memberlist `AwarenessMaxMultiplier`: 8. */
  readonly awarenessMax: number
  /** A fresh claim waits this long for company before it is flushed to the other links. */
  readonly gossipDelayMs: number
  /** How many neighbours get a fresh claim at once; the degree of the overlay. */
  readonly gossipFanout: number
  /** How many neighbours are told of a renewed lease. At two, four in five hear of it; the others ask. measured: npm run sim -- steady */
  readonly renewalFanout: number
  /** Who has heard of no renewal asks for one when this part of the lease is over: two were missed. */
  readonly renewalAskFraction: number
  /** How many claims ride on one ping or ack. */
  readonly claimsPerProbe: number
  /** The lease is renewed every `members × this`, so that the mesh's renewals cost each peer a constant load. Measured: `npm run sim -- steady`. */
  readonly leasePerMemberMs: number
  readonly leaseRenewMinMs: number
  /** The lease lasts this many renewals. A guess: two may be lost. */
  readonly leaseRenewals: number
  /** No lease is longer, however large the mesh: receivers refuse it (`wire/limits.ts`). */
  readonly leaseMaxMs: number
  /** How far claims may be dated ahead of our clock before they are held to be from the future. */
  readonly clockSkewMs: number
  /** A tick later than this is a stall: whoever waited for us waited in vain, so we blame ourselves. A guess. */
  readonly stallMs: number
  /** A neighbour without a link is probed over routes, but not before it had this long to get one. */
  readonly linkGraceMs: number
  /** … and a helper that never met it does not speak against it before this. A guess: a dial that times out, and the next. */
  readonly unmetGraceMs: number
  /** Digests that differ start a push-pull once our own table was quiet for so long. */
  readonly quietMs: number
  /** … or once a neighbour's have been others than ours for so long. A guess: longer than any mesh takes to meet or to hear of many deaths. */
  readonly apartMs: number
  /** At most one push-pull with a neighbour in this time. */
  readonly syncIntervalMs: number
  /** All of a zone must fall silent within this window to be reported as one. */
  readonly zoneWindowMs: number
  /** How many members are accepted. */
  readonly membersMax: number
  /** How long after its start a peer takes in whoever it is told of: it knows no better. */
  readonly newcomerMs: number
  /**
   * New members by one neighbour, at once and each second after that. SECURITY A.8 has 2 a second; a room of 256 that starts at
   * once brings 256 over one link. measured: npm run sim -- bootstrap
   */
  readonly newMembersAtOnce: number
  readonly newMembersPerSecond: number
  /** How many departed members are remembered. */
  readonly tombstonesMax: number
  /** Metadata changes closer together than this are sent as one. */
  readonly metadataIntervalMs: number
  /** New incarnations of one member beyond that pace that are still passed on at once. A guess: what a slow link held back for two seconds. */
  readonly raisesAtOnce: number
}

export const swimDefaults: SwimConfig = {
  protocolPeriodMs: 1000,
  probeTimeoutInitialMs: 500,
  probeTimeoutMinMs: 200,
  probeTimeoutMaxMs: 2000,
  indirectProbes: 3,
  nackFraction: 0.8,
  accusersNeededMax: 3,
  suspicionMinMs: 500,
  suspicionMaxFactor: 3,
  accusationAgeCounted: 0,
  accusationWindowMs: 10_000,
  refuteIntervalMs: 2000,
  cooldownMs: 30_000,
  cooldownSilenceMs: 5000,
  vainSubjectsMax: 2,
  vainWindowMs: 30_000,
  discountMs: 600_000,
  unreliableFailures: 0.5,
  freshEvidenceMs: 10_000,
  awarenessMax: 8,
  gossipDelayMs: 10,
  gossipFanout: 8,
  renewalFanout: 2,
  renewalAskFraction: 0.7,
  claimsPerProbe: 6,
  leasePerMemberMs: 10_000,
  leaseRenewMinMs: 60_000,
  leaseRenewals: 3,
  leaseMaxMs: 24 * 3_600_000,
  clockSkewMs: 60_000,
  stallMs: 250,
  linkGraceMs: 5000,
  unmetGraceMs: 15_000,
  quietMs: 1000,
  apartMs: 10_000,
  syncIntervalMs: 1000,
  zoneWindowMs: 3000,
  membersMax: 10_000,
  newcomerMs: 60_000,
  newMembersAtOnce: 512,
  newMembersPerSecond: 50,
  tombstonesMax: 4096,
  metadataIntervalMs: 250,
  raisesAtOnce: 8,
}
