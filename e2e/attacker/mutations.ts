/**
 * For each defence, what the product would be without it: exact text of its sources, and what takes its
 * place. `npm run mutants` shows that each is noticed by an attack of attacks.ts; a defence whose absence
 * no attack notices is not shown to defend anything.
 */
export interface Edit {
  /** Below lib/src. */
  readonly file: string
  /** Stands there exactly once. */
  readonly text: string
  readonly without: string
}

export interface Mutation {
  /** As docs/THREAT_MODEL.md names it. */
  readonly defence: string
  readonly edits: readonly Edit[]
  /** How the attack's name begins that must do harm then. */
  readonly attack: string
}

export const mutations: readonly Mutation[] = [
  {
    defence: 'signatures are checked',
    edits: [
      {
        file: 'identity/envelope.ts',
        text: 'done(valid ? verified(claim, envelope, digest) : undefined)',
        without: 'done(verified(claim, envelope, digest), valid)',
      },
    ],
    attack: 'forge',
  },
  {
    defence: 'a claim counts only in the frames made for its type',
    edits: [
      {
        file: 'pipeline/ingress.ts',
        text: "if (!frame.types.includes(known.type)) refusal ??= 'ERR_CLAIM_TYPE'",
        without: '',
      },
      {
        file: 'pipeline/ingress.ts',
        text: 'if (!frame.types.some((type) => claimTypes[type] === envelope[0])) {',
        without: 'if (false) {',
      },
    ],
    attack: 'forge',
  },
  {
    defence: 'three faults close the link',
    edits: [{ file: 'core/strikes.ts', text: 'const strikesMax = 3', without: 'const strikesMax = Infinity' }],
    attack: 'forge',
  },
  {
    defence: 'whoever was thrown out stays out',
    edits: [
      {
        file: 'core/core.ts',
        text: 'if (outlawed && !final && peer !== undefined) this.#outlaws.add(peer, now)',
        without: '',
      },
    ],
    attack: 'bomb: a tag',
  },
  {
    defence: 'a broadcast is delivered once',
    edits: [
      {
        file: 'broadcast/broadcast.ts',
        text: 'if (!stream.take(news)) return\n',
        without: 'if (!stream.take(news)) this.#port.deliver(news)\n',
      },
    ],
    attack: 'replay',
  },
  {
    defence: 'a leave is final for its run',
    edits: [
      {
        file: 'swim/member.ts',
        text: "    'newer-incarnation': 'left',",
        without: "    'newer-incarnation': 'alive',",
      },
    ],
    attack: 'zombie',
  },
  {
    defence: 'only monitors accuse',
    edits: [
      {
        file: 'swim/judgement.ts',
        text: 'if (accuser === undefined || !present(accuser.status) || !port.entitled(claim.author, record.id))',
        without: 'if (accuser === null)',
      },
    ],
    attack: 'accuse-all',
  },
  {
    defence: 'the subject refutes',
    edits: [
      {
        file: 'swim/self.ts',
        text: 'if (claim.incarnationDigest !== this.#alive?.incarnationDigest) return',
        without: 'if (claim.incarnationDigest) return',
      },
    ],
    attack: 'conspire',
  },
  {
    defence: 'an accusation names one incarnation',
    edits: [
      {
        file: 'swim/judgement.ts',
        text: "if (!present(record.status) || claim.incarnationDigest !== record.alive.incarnationDigest) return 'void'",
        without: "if (!present(record.status)) return 'void'",
      },
    ],
    attack: 'unrefutable',
  },
  {
    defence: 'claims from the future are left out',
    edits: [
      {
        file: 'pipeline/ingress.ts',
        text: "if (claim.issuedAt > wall + clockSkewMsMax) return 'ERR_CLAIM_EARLY'",
        without: '',
      },
      {
        file: 'swim/swim.ts',
        text: 'if (claim.issuedAt > wallNow + config.clockSkewMs || claim.issuedAt + claim.ttlMs <= wallNow) return',
        without: '',
      },
    ],
    attack: 'clock-skew',
  },
  {
    defence: 'no claim lives longer than its type may',
    edits: [
      {
        file: 'wire/claims.ts',
        text: "if (claim.ttlMs > claimTtlMsMax[type]) throw new WireError('ERR_CLAIM_TTL', `${type}: ${claim.ttlMs} ms`)",
        without: '',
      },
    ],
    attack: 'forever',
  },
  {
    defence: 'a budget of frames',
    edits: [
      {
        file: 'pipeline/ingress.ts',
        text: "if (!state.frames.take(1, now)) return this.#cutOff(state, 'ERR_LINK_FRAME_RATE')",
        without: '',
      },
    ],
    attack: 'flood',
  },
  {
    defence: 'what is refused is dear',
    edits: [
      { file: 'pipeline/budget.ts', text: 'export const refusalFrames = 8', without: 'export const refusalFrames = 0' },
    ],
    attack: 'stale',
  },
  {
    defence: 'raises at an honest pace',
    edits: [
      {
        file: 'swim/roster.ts',
        text: 'if (this.#tooOften(record, now)) dissemination',
        without: 'if (false) dissemination',
      },
    ],
    attack: 'inflate',
  },
  {
    defence: 'a budget of signature checks',
    edits: [{ file: 'pipeline/ingress.ts', text: 'if (!state.verifications.take(1, now)) {', without: 'if (false) {' }],
    attack: 'junk',
  },
  {
    defence: 'a routed message is delivered once',
    edits: [{ file: 'overlay/router.ts', text: 'if (before === undefined) {', without: 'if (true) {' }],
    attack: 'drop-relay',
  },
  {
    defence: 'a path leads over whoever reads it',
    edits: [
      {
        file: 'overlay/router.ts',
        text: "if (!this.#standsHere(from, path, at, claim)) return this.#emit({ type: 'blame', peer: from, code: 'ERR_ROUTE' })",
        without: '',
      },
    ],
    attack: 'misroute',
  },
  {
    defence: 'keys that belong to one writer',
    edits: [
      {
        file: 'wire/state.ts',
        text: "if (owner !== undefined && owner !== entry.author) throw new WireError('ERR_ENTRY_OWNER')",
        without: '',
      },
    ],
    attack: 'seize',
  },
  {
    defence: 'who says two things is out',
    edits: [
      {
        file: 'core/core.ts',
        text: "if (draft !== undefined) this.#effects.push({ type: 'seal', draft })",
        without: '',
      },
    ],
    attack: 'equivocate',
  },
  {
    defence: 'evidence is verified',
    edits: [
      { file: 'pipeline/evidence.ts', text: "then(claim ? undefined : 'ERR_CLAIM_SIGNATURE')", without: 'then()' },
    ],
    attack: 'frame-up: evidence against',
  },
  {
    defence: 'no tags',
    edits: [
      {
        file: 'wire/scanner.ts',
        text: "    if (major === 6) return 'ERR_CBOR_TAG'\n",
        without: '    if (major === 6) continue\n',
      },
    ],
    attack: 'bomb: a tag',
  },
  {
    defence: 'bounded depth',
    edits: [{ file: 'wire/scanner.ts', text: 'if (++depth > depthMax)', without: 'if (++depth > 1e9)' }],
    attack: 'bomb: nested',
  },
  {
    defence: 'one encoding',
    edits: [
      {
        file: 'wire/scanner.ts',
        text: "if (number < shorter) return 'ERR_CBOR_NOT_CANONICAL'",
        without: '',
      },
    ],
    attack: 'bomb: a number',
  },
  {
    defence: 'bounded size of each claim',
    edits: [
      {
        file: 'wire/claims.ts',
        text: 'if (envelope.length > claimBytesMax[type])',
        without: 'if (envelope.length > 1e9)',
      },
    ],
    attack: 'bomb: a claim larger',
  },
  {
    defence: 'a proof for every member',
    edits: [
      {
        file: 'pipeline/ingress.ts',
        text: 'proofs.check(claim, (fault) => (fault ? done(undefined, fault) : done(this.#keep(claim), undefined)))',
        without: 'done(this.#keep(claim), undefined)',
      },
    ],
    attack: 'trespass',
  },
  {
    defence: 'signatures in a proof are checked',
    edits: [
      {
        file: 'identity/capability-room.ts',
        text: "valid ? verify(at + capabilityBytes) : done('ERR_CAPABILITY_SIGNATURE')",
        without: '(void valid, verify(at + capabilityBytes))',
      },
    ],
    attack: 'trespass',
  },
  {
    defence: 'what the owner took back counts for nothing',
    edits: [
      {
        file: 'identity/revocation.ts',
        text: "type === 'alive' || issuedAt > since",
        without: 'false',
      },
    ],
    attack: 'outstay',
  },
  {
    defence: 'an older list never takes the place of a newer one',
    edits: [
      {
        file: 'identity/revocation.ts',
        text: 'compareLists(list, this.#newest) <= 0',
        without: 'list === this.#newest',
      },
    ],
    attack: 'rollback',
  },
  {
    defence: 'only the owner takes anything back',
    edits: [
      {
        file: 'identity/capability-room.ts',
        text: "done(claim.author === this.#owner ? undefined : 'ERR_REVOKE_ISSUER')",
        without: 'done()',
      },
    ],
    attack: 'usurp',
  },
]
