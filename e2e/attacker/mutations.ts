/**
 * For each defence, what the product would be without it: exact text of its sources, and what takes its
 * place. `npm run mutants` shows that each is noticed by an attack of attacks.ts; a defence whose absence
 * no attack notices is not shown to defend anything.
 */
export interface Edit {
  /** Below lib/src, or in signaling-server. */
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
        file: 'core/exclusion.ts',
        text: 'if (outlawed && !final && peer !== undefined) this.#outlaws.add(peer, now)',
        without: 'if (outlawed && !final) this.#outlaws.has(peer!, now)',
      },
    ],
    attack: 'return',
  },
  {
    defence: 'a broadcast is delivered once',
    edits: [
      {
        file: 'broadcast/broadcast.ts',
        text: 'if (!stream.take(news)) {\n',
        without: 'if (!stream.take(news)) this.#port.deliver(news)\n    if (false) {\n',
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
        text: "if (!state.account.frames.take(1, now)) return this.#cutOff(state, 'ERR_LINK_FRAME_RATE')",
        without: '',
      },
    ],
    attack: 'flood',
  },
  {
    defence: 'a budget of useless claims',
    edits: [
      {
        file: 'pipeline/ingress.ts',
        text: 'if (state.account.useless.take(1, now)) return true',
        without: 'return true',
      },
    ],
    attack: 'stale',
  },
  {
    defence: 'a budget of claims',
    edits: [
      {
        file: 'pipeline/ingress.ts',
        text: "if (!state.account.claims.take(frame.envelopes.length, now)) return this.#cutOff(state, 'ERR_LINK_CLAIM_RATE')\n    const slot",
        without: 'const slot',
      },
    ],
    attack: 'repeat',
  },
  {
    defence: 'a pace for each author',
    edits: [
      {
        file: 'broadcast/broadcast.ts',
        text: '!this.#paces.take(news.author, news.payload.length, now)',
        without: 'false',
      },
    ],
    attack: 'pour: a member broadcasts five hundred',
  },
  {
    defence: 'a budget of broadcasts for each author on a link',
    edits: [{ file: 'pipeline/account.ts', text: 'return bucket.take(1, now)', without: 'return true' }],
    attack: 'pour: a member broadcasts five thousand',
  },
  {
    defence: 'a budget of claims that are not checked',
    edits: [
      {
        file: 'pipeline/ingress.ts',
        text: "if (!state.account.unread.take(1, now)) return this.#cutOff(state, 'ERR_LINK_VERIFY_RATE')",
        without: '',
      },
    ],
    attack: 'overwrite',
  },
  {
    defence: 'so many calls by one neighbour',
    edits: [
      {
        file: 'overlay/edges.ts',
        text: 'if (via !== undefined && !this.#calls.take(via, now)) {',
        without: 'if (false) {',
      },
    ],
    attack: 'call',
  },
  {
    defence: 'so many members by one neighbour',
    edits: [
      {
        file: 'swim/introductions.ts',
        text: 'if (account.used + 1 > newMembersAtOnce) return false',
        without: '',
      },
    ],
    attack: 'introduce',
  },
  {
    defence: 'a budget of questions',
    edits: [{ file: 'state/rounds.ts', text: 'if (account.left < 1) return false', without: '' }],
    attack: 'differ',
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
    edits: [
      {
        file: 'pipeline/ingress.ts',
        text: 'if (!state.account.verifications.take(unopened',
        without: 'if (false && !state.account.verifications.take(unopened',
      },
    ],
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
        file: 'core/exclusion.ts',
        text: 'if (draft !== undefined) this.#port.seal(draft)',
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
        text: 'else if (proofs) proofs.check(claim, settle)',
        without: '',
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
  {
    defence: 'the room is inside the signature',
    edits: [
      {
        file: 'identity/envelope.ts',
        text: 'bytes.set(meshId, context.length)\n  bytes.set(body, context.length + meshId.length)\n  return bytes',
        without: 'bytes.set(body, context.length)\n  return bytes.subarray(0, context.length + body.length)',
      },
    ],
    attack: 'no-room',
  },
  {
    defence: 'the type is inside the signature',
    edits: [
      {
        file: 'identity/envelope.ts',
        text: 'utf8(`shoal/1/${type}\\0`)',
        without: 'utf8(`shoal/1/\\0`)',
      },
    ],
    attack: 'no-room',
  },
  {
    defence: 'no keys of small order',
    edits: [
      {
        file: 'identity/ed25519.ts',
        text: 'if (!publicKeyShapeOk(publicKey) || !signatureShapeOk(signature)) return false',
        without: 'if (!signatureShapeOk(signature)) return false',
      },
    ],
    attack: 'no-key',
  },
  {
    defence: 'the target signs over the asker’s nonce',
    edits: [
      {
        file: 'swim/prober.ts',
        text: 'claim.origin !== this.#context.port.self || !sameNonce(probe.nonce, claim.nonce))',
        without: 'claim.origin !== this.#context.port.self)',
      },
    ],
    attack: 'vouch',
  },
  {
    defence: 'a budget of push-pulls',
    edits: [
      {
        file: 'swim/sync-budget.ts',
        text: 'if (account.messages + 1 > messagesBurst * framesOf(members)) return false',
        without: '',
      },
    ],
    attack: 'ask-members',
  },
  {
    defence: 'covering needs the later clock',
    edits: [{ file: 'state/order.ts', text: 'if (compare(later, earlier) <= 0) return false', without: '' }],
    attack: 'seen-it-all',
  },
  {
    defence: 'so many writes side by side',
    edits: [
      {
        file: 'state/order.ts',
        text: '.sort((a, b) => compare(b, a))\n    .slice(0, max)\n}',
        without: '.sort((a, b) => compare(b, a))\n}',
      },
    ],
    attack: 'side-by-side',
  },
  {
    defence: 'a quota for each writer',
    edits: [
      {
        file: 'state/replica.ts',
        text: 'while (share.entries > entriesMax || share.bytes > bytesMax) {',
        without: 'while (entriesMax < 0 || bytesMax < 0) {',
      },
    ],
    attack: 'fill: one writer',
  },
  {
    defence: 'a budget of answers',
    edits: [{ file: 'state/state.ts', text: 'if (neighbour.answers >= 0) return true', without: 'return true' }],
    attack: 'ask-tree',
  },
  {
    defence: 'a delete lives as long as what it deletes',
    edits: [
      {
        file: 'state/state.ts',
        text: 'ttlMs: Math.max(ttlMs, endsAt - moment.wall)',
        without: 'ttlMs',
      },
    ],
    attack: 'undelete',
  },
  {
    defence: 'both certificates are in the transcript',
    edits: [
      { file: 'transport/handshake.ts', text: 'own, peer, prints.own, prints.peer))', without: 'own, peer))' },
      { file: 'transport/handshake.ts', text: 'peer, own, prints.peer, prints.own))', without: 'peer, own))' },
    ],
    attack: 'middle: the server',
  },
  {
    defence: 'exactly one fingerprint',
    edits: [{ file: 'transport/sdp.ts', text: 'named.length === 1 ?', without: 'named.length >= 1 ?' }],
    attack: 'middle: a description',
  },
  {
    defence: 'both nonces are in the transcript',
    edits: [
      { file: 'transport/handshake.ts', text: 'meshId, own, peer, prints.own', without: 'meshId, prints.own' },
      { file: 'transport/handshake.ts', text: 'meshId, peer, own, prints.peer', without: 'meshId, prints.peer' },
    ],
    attack: 'rerun: a handshake that was overheard',
  },
  {
    defence: 'the room is in the transcript',
    edits: [
      { file: 'transport/handshake.ts', text: 'concat(label, meshId, own', without: 'concat(label, own' },
      { file: 'transport/handshake.ts', text: 'concat(label, meshId, peer', without: 'concat(label, peer' },
    ],
    attack: 'rerun: a handshake is carried',
  },
  {
    defence: 'all transfers within one bound',
    edits: [{ file: 'mesh/transfers.ts', text: '|| held + size > receiveBytesMax)', without: '|| held > 2 ** 53)' }],
    attack: 'hoard',
  },
  {
    defence: 'silence ends a transfer',
    edits: [{ file: 'mesh/transfers.ts', text: 'alarm.set((this.#port.now() + stillMsMax) as Millis)', without: '' }],
    attack: 'stay',
  },
  {
    defence: 'a large message is what its hash says',
    edits: [{ file: 'mesh/transfers.ts', text: "if (!whole) return this.#giveUp(from, 'broken')", without: '' }],
    attack: 'swap',
  },
  {
    defence: 'what is read back is verified',
    edits: [
      {
        file: 'pipeline/kept.ts',
        text: 'const claim = opened as Verified',
        without: 'const claim = (opened ?? unopened.claim) as Verified',
      },
    ],
    attack: 'tamper: whoever',
  },
  {
    defence: 'what is read back is of this time',
    edits: [{ file: 'pipeline/kept.ts', text: 'if (untimely !== undefined) return done(untimely)', without: '' }],
    attack: 'tamper: what comes back',
  },
  {
    defence: 'a rumour is asked after three times',
    edits: [
      {
        file: 'broadcast/broadcast.ts',
        text: 'if (rumour !== undefined && rumour.asks >= rumourAsksMax) stream.rumour = undefined',
        without: '',
      },
    ],
    attack: 'rumour',
  },
  {
    defence: 'the secret is proved',
    edits: [
      {
        file: 'transport/handshake.ts',
        text: "if (!this.#knowsSecret(auth.mac)) return this.#fail('HS_PSK')",
        without: '',
      },
    ],
    attack: 'knock: at a room with a secret',
  },
  {
    defence: 'the rule of the room is asked',
    edits: [
      {
        file: 'transport/handshake.ts',
        text: "if (refusal !== undefined) return this.#fail('HS_ADMISSION', refusal)",
        without: '',
      },
    ],
    attack: 'knock: at a room whose rule',
  },
  {
    defence: 'a capability names its holder',
    edits: [
      {
        file: 'identity/capability-room.ts',
        text: "if (held.subject !== subject) return done('ERR_CAPABILITY_SUBJECT')",
        without: '',
      },
    ],
    attack: 'borrow',
  },
  {
    defence: 'it leads to the owner',
    edits: [
      {
        file: 'identity/capability-room.ts',
        text: "if (first.issuer !== this.#owner) return done('ERR_CAPABILITY_ISSUER')",
        without: '',
      },
    ],
    attack: 'issue: a capability of one',
  },
  {
    defence: 'only who may admit delegates',
    edits: [{ file: 'identity/capability-room.ts', text: "parent.rights.includes('admit') &&", without: '' }],
    attack: 'delegate: from',
  },
  {
    defence: 'no more rights than were given',
    edits: [
      {
        file: 'identity/capability-room.ts',
        text: 'child.rights.every((right) => parent.rights.includes(right)) &&',
        without: '',
      },
    ],
    attack: 'delegate: more',
  },
  {
    defence: 'no longer than was given',
    edits: [{ file: 'identity/capability-room.ts', text: 'child.expiresAt <= parent.expiresAt', without: 'true' }],
    attack: 'delegate: for longer',
  },
  {
    defence: 'nobody delegates further',
    edits: [{ file: 'identity/capability-room.ts', text: "!child.rights.includes('admit') &&", without: '' }],
    attack: 'delegate: the right',
  },
  {
    defence: 'no channel but the one made out of band',
    edits: [
      {
        file: 'transport/simple-peer.ts',
        text: 'this.#channel = channel\n',
        without:
          'this.#channel = channel\n    peer._pc.ondatachannel = (event) => {\n      event.channel.onmessage = channel.onmessage\n      this.#channel = event.channel\n    }\n',
      },
    ],
    attack: 'hijack',
  },
  {
    defence: 'one answer for each attempt',
    edits: [
      {
        file: 'transport/negotiator.ts',
        text: "if (attempt.role !== 'initiator' || attempt.described) return",
        without: "if (attempt.role !== 'initiator') return",
      },
      {
        file: 'transport/attempt.ts',
        text: 'if (this.#ended || this.#remote !== undefined) return',
        without: 'if (this.#ended) return',
      },
    ],
    attack: 'redescribe: a second answer',
  },
  {
    defence: 'each offer is taken up once',
    edits: [
      {
        file: 'transport/negotiator.ts',
        text: 'if (this.#seen.has(id) || current?.id === id) return false',
        without: '',
      },
    ],
    attack: 'redescribe: an offer again',
  },
  {
    defence: 'so many maps in a room',
    edits: [
      {
        file: 'state/replica.ts',
        text: 'new Shares(config.mapsMax, mapBits)',
        without: 'new Shares(2 ** mapBits - 1, mapBits)',
      },
    ],
    attack: 'fill: twenty writers',
  },
  {
    defence: 'whom a later sample names is dialled',
    edits: [
      {
        file: 'overlay/door.ts',
        text: 'if (this.#strangers.size < strangersMax && !this.#strangers.has(peer))',
        without: 'if (lonely && this.#strangers.size < strangersMax && !this.#strangers.has(peer))',
      },
    ],
    attack: 'hide',
  },
  {
    defence: 'two contacts at once',
    edits: [
      { file: 'overlay/door.ts', text: 'const contactsMax = 2', without: 'const contactsMax = 1' },
      { file: 'overlay/door.ts', text: 'const islandDialsMax = 2', without: 'const islandDialsMax = 1' },
    ],
    attack: 'stall',
  },
  {
    defence: 'the whole list on every new link',
    edits: [{ file: 'swim/swim.ts', text: 'if (initiator) this.#sync.start(peer, now)', without: '' }],
    attack: 'noise',
  },
  {
    defence: 'a link of our own choice',
    edits: [
      {
        file: 'overlay/extra-links.ts',
        text: 'Math.max(1, this.#options.extraLinks - 1)',
        without: 'this.#options.extraLinks',
      },
    ],
    attack: 'surround',
  },
  {
    defence: 'so many frames of a socket',
    edits: [
      {
        file: 'signaling-server/src/rooms.ts',
        text: 'if (!held.bucket.take(this.#options.frameRate, now))',
        without: 'if (now < 0)',
      },
    ],
    attack: 'batter: a socket that says',
  },
  {
    defence: 'so many peers in a room',
    edits: [
      {
        file: 'signaling-server/src/rooms.ts',
        text: 'room.size >= this.#options.peersPerRoomMax && ',
        without: 'room.size < 0 && ',
      },
    ],
    attack: 'crowd: a hundred',
  },
  {
    defence: 'a time to join in',
    edits: [
      {
        file: 'signaling-server/src/rooms.ts',
        text: "if (held.stage !== 'joined' && now - held.openedAt >= joinTimeoutMs) this.#refuse(held, 'ERR_JOIN_TIMEOUT')\n      else if",
        without: 'if',
      },
    ],
    attack: 'crowd: sockets that are opened',
  },
  {
    defence: 'so many sockets of an address',
    edits: [
      {
        file: 'signaling-server/src/gate.ts',
        text: "if ((visitor?.sockets ?? 0) >= connectionsPerAddressMax) return 'ERR_TOO_MANY_CONNECTIONS'",
        without: '',
      },
    ],
    attack: 'crowd: a thousand',
  },
]
