/**
 * Every parser that bytes of a stranger or of a member come to, with good bytes to begin from. Signatures
 * pass or fail by their last bit, so that what lies behind them is reached as well.
 *
 * @typedef {object} Product What is under test: the sources in a test, what was built in a command.
 * @property {typeof import('../../src/pipeline/index.ts')} pipeline
 * @property {typeof import('../../src/identity/index.ts')} identity
 * @property {typeof import('../../src/identity/capability.ts') & typeof import('../../src/identity/capability-room.ts')} capability
 * @property {typeof import('../../src/transport/handshake.ts')} handshake
 * @property {typeof import('../../src/transport/signal.ts')} signal
 * @property {typeof import('../../src/transport/sdp.ts')} sdp
 * @property {typeof import('../../src/signaling/messages.ts')} messages
 * @property {typeof import('../../src/mesh/door-words.ts')} door
 *
 * @typedef {object} Seeds From lib/test/vectors/protocol.json.
 * @property {string} meshId
 * @property {readonly { readonly bytes: string }[]} frames
 *
 * @typedef {object} Parser
 * @property {string} name
 * @property {() => () => string} next A hostile input, ready to be fed: answers `taken`, or why it was refused.
 */
import { layoutMutator, random, textMutator } from './blunt.mjs'
import { mutator } from './mutator.mjs'
import {
  candidates,
  clientTexts,
  descriptions,
  fromHex,
  latin,
  peerOf,
  proofs,
  serverTexts,
  signerOf,
  wall,
} from './seeds.mjs'

/** @typedef {import('../../src/identity/peer-id.ts').MeshId} MeshId */
/** @typedef {import('../../src/identity/keys.ts').Verifier} Verifier */

/** @type {Verifier} */
const verifier = { verify: (_key, _message, signature, done) => done((signature.at(-1) ?? 0) % 2 === 0) }

/**
 * @param {Product} product @param {Seeds} seeds @param {number} seed
 * @returns {readonly Parser[]}
 */
export function parsers(product, seeds, seed) {
  const meshId = /** @type {MeshId} */ (fromHex(seeds.meshId))
  const rng = random(seed)
  return [
    frames(product, meshId, seeds, seed),
    handshake(product, meshId, rng),
    capability(product, meshId, rng),
    signal(product, rng),
    description(product, rng),
    doorWord(product, rng),
    spoken('signaling, server', product.messages.parseClientMessage, clientTexts(product), rng),
    spoken('signaling, client', product.messages.parseServerMessage, serverTexts(product), rng),
  ]
}

/**
 * Frames, the claims in them, entries of shared state, and values of applications.
 *
 * @param {Product} product @param {MeshId} meshId @param {Seeds} seeds @param {number} seed
 * @returns {Parser}
 */
function frames({ pipeline, identity, capability }, meshId, seeds, seed) {
  const unlimited = { perSecond: 1e12, burst: 1e12 }
  let verdict = ''
  // In a room that has an owner, so that proofs inside claims are read as well.
  const room = new capability.CapabilityRoom({ verifier, meshId, owner: peerOf(identity, 7) })
  const make = (/** @type {boolean} */ owned) => {
    const ingress = new pipeline.Ingress({
      self: peerOf(identity, 9),
      meshId,
      verifier: { verify: (_key, message, _signature, done) => done((message.at(-1) ?? 0) % 2 === 0) },
      deliver: (arrival) => void (verdict = arrival.type === 'received' ? 'taken' : arrival.code),
      budget: {
        ...{ frames: unlimited, bytes: unlimited, claims: unlimited, verifications: unlimited, unread: unlimited },
        ...{ useless: unlimited, news: unlimited, backlogFrames: 10, backlogBytes: 1e6 },
      },
      // A small one, that is soon full: growth of the heap is then somebody's leak.
      cache: new pipeline.ClaimCache(meshId, 256),
      ...(owned ? { proofs: room } : {}),
    })
    ingress.setClock(wall)
    ingress.openLink(link)
    return ingress
  }
  const link = /** @type {import('../../src/core/input.ts').LinkId} */ (1)
  const now = /** @type {import('../../src/identity/millis.ts').Millis} */ (0)
  const open = make(false)
  const owned = make(true)
  const next = mutator(
    seeds.frames.map(({ bytes }) => fromHex(bytes)),
    seed,
  )
  let turn = 0
  return {
    name: 'frames, claims, state',
    next: () => {
      const bytes = next()
      const ingress = ++turn % 4 === 0 ? owned : open
      return () => {
        verdict = 'ignored'
        ingress.receive(link, bytes, now)
        pipeline.tryDecodeValue(bytes)
        return verdict
      }
    },
  }
}

/**
 * HELLO, AUTH and FINISH, each after good ones of those before it; in an open room, one with a secret, and one that
 * asks for capabilities.
 *
 * @param {Product} product @param {MeshId} meshId @param {import('./blunt.mjs').Random} rng
 * @returns {Parser}
 */
function handshake({ handshake, identity, capability }, meshId, rng) {
  const [owner, ada, bob] = [peerOf(identity, 7), peerOf(identity, 1), peerOf(identity, 2)]
  const secret = { prove: new Uint8Array(32).fill(5), accept: [new Uint8Array(32).fill(5), new Uint8Array(32).fill(6)] }
  const room = new capability.CapabilityRoom({ verifier, meshId, owner })
  const proof = proofs({ capability, identity }, meshId)[0]
  /** @type {readonly Partial<import('../../src/transport/handshake.ts').Credentials>[]} */
  const rooms = [
    {},
    { psk: secret },
    { capability: proof, admit: (peer, shown, done) => room.admit(peer, shown, wall, done) },
  ]
  const fingerprints = { own: new Uint8Array(32).fill(3), peer: new Uint8Array(32).fill(4) }
  /** @param {number} at @param {'initiator' | 'responder'} role @param {(frame: Uint8Array) => void} send @param {(verdict: string) => void} done */
  const side = (at, role, send, done) =>
    new handshake.Handshake({
      credentials: {
        meshId,
        verifier,
        signer: signerOf(role === 'initiator' ? ada : bob),
        ...rooms[at],
        // The proof names who dials, so only it is asked for one.
        ...(role === 'initiator' ? { admit: undefined } : {}),
      },
      role,
      peer: role === 'initiator' ? bob : ada,
      nonce: new Uint8Array(32).fill(role === 'initiator' ? 8 : 9),
      send,
      done: (result) => done(result.ok ? 'taken' : result.code),
    })
  // What an honest initiator says, by room.
  const honest = rooms.map((_, at) => {
    /** @type {Uint8Array[]} */
    const said = []
    /** @type {Uint8Array[]} */
    const answers = []
    const one = side(
      at,
      'initiator',
      (frame) => said.push(frame),
      () => {},
    )
    const other = side(
      at,
      'responder',
      (frame) => answers.push(frame),
      () => {},
    )
    one.start({ own: fingerprints.peer, peer: fingerprints.own })
    other.start(fingerprints)
    for (let frame = 0; frame < 3; frame++) {
      other.receive(/** @type {Uint8Array} */ (said[frame]))
      one.receive(/** @type {Uint8Array} */ (answers[frame]))
    }
    return said
  })
  const mutators =
    honest[0]?.map((_, stage) =>
      layoutMutator(
        honest.map((said) => /** @type {Uint8Array} */ (said[stage])),
        rng,
      ),
    ) ?? []
  return {
    name: 'handshake',
    next: () => {
      const at = rng.below(rooms.length)
      const stage = rng.below(mutators.length)
      const bytes = /** @type {() => Uint8Array} */ (mutators[stage])()
      return () => {
        let verdict = 'waiting'
        const peer = side(
          at,
          'responder',
          () => {},
          (said) => void (verdict = said),
        )
        peer.start(fingerprints)
        const said = /** @type {readonly Uint8Array[]} */ (honest[at])
        for (let good = 0; good < stage; good++) peer.receive(/** @type {Uint8Array} */ (said[good]))
        peer.receive(bytes)
        return verdict
      }
    },
  }
}

/**
 * A proof of one capability or two, by itself and beside a claim.
 *
 * @param {Product} product @param {MeshId} meshId @param {import('./blunt.mjs').Random} rng
 * @returns {Parser}
 */
function capability({ capability, identity }, meshId, rng) {
  const room = new capability.CapabilityRoom({ verifier, meshId, owner: peerOf(identity, 7) })
  const subjects = [peerOf(identity, 1), peerOf(identity, 2)]
  const next = layoutMutator(proofs({ capability, identity }, meshId), rng)
  return {
    name: 'capability',
    next: () => {
      const proof = next()
      const subject = rng.pick(subjects)
      return () => {
        let verdict = 'ignored'
        capability.readProof(identity.toBase64Url(proof))
        room.admit(subject, proof, wall, (refusal) => void (verdict = refusal ?? 'taken'))
        room.check({ type: 'alive', author: subject, issuedAt: wall, ttlMs: 60_000, admission: proof }, () => {})
        return verdict
      }
    },
  }
}

/** What transports say through the server: layout, description and candidates. @param {Product} product @param {import('./blunt.mjs').Random} rng @returns {Parser} */
function signal({ signal, sdp }, rng) {
  const attempt = 'a7'.repeat(16)
  const next = layoutMutator(
    [
      signal.encodeSignal({ kind: 'offer', attempt, sdp: descriptions[0], candidates: [] }),
      signal.encodeSignal({ kind: 'answer', attempt, sdp: descriptions[1], candidates }),
      signal.encodeSignal({ kind: 'candidates', attempt, candidates }),
      signal.encodeSignal({ kind: 'refuse', attempt }),
    ],
    rng,
  )
  return {
    name: 'signals of transports',
    next: () => {
      const bytes = next()
      return () => {
        const read = signal.decodeSignal(bytes)
        if (read === undefined) return 'no signal'
        if ('candidates' in read) for (const each of read.candidates) if (sdp.isCandidate(each)) sdp.isTcp(each)
        if (!('sdp' in read)) return 'taken'
        return sdp.readDescription(read.sdp) === undefined ? 'ERR_SIGNAL_DESCRIPTION' : 'taken'
      }
    },
  }
}

/** Descriptions that are no longer what an engine wrote, whatever layout they came in. @param {Product} product @param {import('./blunt.mjs').Random} rng @returns {Parser} */
function description({ sdp }, rng) {
  const next = layoutMutator([...descriptions, ...candidates].map(latin), rng)
  return {
    name: 'descriptions, candidates',
    next: () => {
      const text = String.fromCharCode(...next())
      return () => {
        sdp.onlyFingerprint(text)
        sdp.withoutCandidates(text)
        if (sdp.isCandidate(text)) return 'taken'
        return sdp.readDescription(text) === undefined ? 'ERR_SIGNAL_DESCRIPTION' : 'taken'
      }
    },
  }
}

/** @param {Product} product @param {import('./blunt.mjs').Random} rng @returns {Parser} */
function doorWord({ door, identity }, rng) {
  const words = [door.full([1, 2, 3].map((fill) => peerOf(identity, fill))), door.farewell(new Uint8Array(200))]
  const next = layoutMutator(words, rng)
  return {
    name: 'words at the door',
    next: () => {
      const bytes = next()
      return () => {
        const word = door.readDoorWord(bytes)
        return word === undefined ? 'none' : word === 'malformed' ? word : 'taken'
      }
    },
  }
}

/**
 * @param {string} name @param {(text: string) => { t: string } | { code: string }} parse @param {readonly string[]} texts
 * @param {import('./blunt.mjs').Random} rng @returns {Parser}
 */
function spoken(name, parse, texts, rng) {
  const next = textMutator(texts, rng)
  return {
    name,
    next: () => {
      const text = next()
      return () => {
        const said = parse(text)
        return 't' in said ? 'taken' : said.code
      }
    },
  }
}
