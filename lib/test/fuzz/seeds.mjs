/**
 * Good input for each parser, to begin from.
 *
 * @typedef {import('./parsers.mjs').Product} Product
 * @typedef {import('../../src/identity/peer-id.ts').MeshId} MeshId
 * @typedef {import('../../src/identity/peer-id.ts').PeerId} PeerId
 * @typedef {import('../../src/identity/millis.ts').WallMillis} WallMillis
 */

/** When all this happens. */
export const wall = /** @type {WallMillis} */ (1_800_000_000_000)

const key = 'A'.repeat(43)

/** @param {Product} product */
export function clientTexts({ messages }) {
  const signature = 'A'.repeat(86)
  const join = /** @type {const} */ ({
    t: 'join',
    version: 1,
    room: 'réef',
    id: key,
    audience: 'localhost:8787',
    signature,
  })
  return [
    join,
    { ...join, token: 'a.b' },
    { t: 'signal', to: key, data: 'AAAA' },
    { t: 'sample' },
    { t: 'ping' },
    { t: 'leave' },
  ].map((message) =>
    messages.encodeMessage(/** @type {import('../../src/signaling/messages.ts').ClientMessage} */ (message)),
  )
}

/** @param {Product} product */
export function serverTexts({ messages }) {
  const iceServers = [{ urls: ['turn:a:3478', 'stun:b'], username: 'u', credential: 'c' }, { urls: ['stuns:b'] }]
  return [
    { t: 'challenge', version: 1, nonce: key },
    { t: 'welcome', sample: [key, key], heartbeatMs: 15_000 },
    { t: 'welcome', sample: [], heartbeatMs: 15_000, iceServers, iceTtlMs: 60_000 },
    { t: 'signal', from: key, data: 'AAAA' },
    { t: 'absent', to: key },
    { t: 'sample', sample: [key] },
    { t: 'pong' },
    { t: 'bye', code: 'ERR_SHUTDOWN', retryAfterMs: 1_000 },
    messages.errorMessage('ERR_ROOM_FULL', 5_000),
  ].map((message) =>
    messages.encodeMessage(/** @type {import('../../src/signaling/messages.ts').ServerMessage} */ (message)),
  )
}

/** One from the owner; and one that whoever may admit signed, after its own. @param {Pick<Product, 'capability' | 'identity'>} product @param {MeshId} meshId @returns {Uint8Array[]} */
export function proofs({ capability, identity }, meshId) {
  const [owner, ada, bob] = [peerOf(identity, 7), peerOf(identity, 1), peerOf(identity, 2)]
  /** @type {Uint8Array[]} */
  const made = []
  const sixteen = new Uint8Array(16)
  const notBefore = /** @type {WallMillis} */ (wall - 60_000)
  const expiresAt = /** @type {WallMillis} */ (wall + 3_600_000)
  /** @param {PeerId} by @param {PeerId} subject @param {import('../../src/identity/capability.ts').Right[]} rights */
  const sign = (by, subject, rights) =>
    capability.signCapability(
      signerOf(by),
      meshId,
      {
        subject,
        rights,
        ringSeed: sixteen,
        notBefore,
        expiresAt,
        serial: sixteen,
      },
      (bytes) => void (bytes instanceof Uint8Array && made.push(bytes)),
    )
  sign(owner, ada, ['join', 'write-shared', 'admit'])
  sign(ada, bob, ['join'])
  const [first, second] = /** @type {[Uint8Array, Uint8Array]} */ (made)
  return [first, Uint8Array.from([...first, ...second])]
}

const print = Array.from({ length: 32 }, (_, i) => i.toString(16).padStart(2, '0').toUpperCase()).join(':')
/** As Chromium and Firefox write them. @type {readonly [string, string]} */
export const descriptions = [
  [
    'v=0',
    'o=- 8388604318704261413 2 IN IP4 127.0.0.1',
    's=-',
    't=0 0',
    'a=group:BUNDLE 0',
    'a=extmap-allow-mixed',
    'a=msid-semantic: WMS',
    'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
    'c=IN IP4 0.0.0.0',
    'a=ice-ufrag:RPev',
    'a=ice-pwd:RT9fiPKxY4BNFHerLKEB9IJy',
    'a=ice-options:trickle',
    `a=fingerprint:sha-256 ${print}`,
    'a=setup:actpass',
    'a=mid:0',
    'a=sctp-port:5000',
    'a=max-message-size:262144',
    '',
  ].join('\r\n'),
  [
    'v=0',
    'o=mozilla...THIS_IS_SDPARTA-99.0 7482277559411556412 0 IN IP4 0.0.0.0',
    's=-',
    't=0 0',
    `a=fingerprint:sha-256 ${print}`,
    'a=group:BUNDLE 0',
    'a=ice-options:trickle',
    'a=msid-semantic:WMS *',
    'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
    'c=IN IP4 0.0.0.0',
    'a=sendrecv',
    'a=ice-pwd:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
    'a=ice-ufrag:bbbbbbbb',
    'a=mid:0',
    'a=setup:active',
    'a=sctp-port:5000',
    'a=max-message-size:1073741823',
    '',
  ].join('\r\n'),
]
export const candidates = [
  'candidate:1 1 udp 2122260223 192.0.2.1 50000 typ host generation 0',
  'candidate:2 1 tcp 1518280447 2001:db8::1 9 typ host tcptype active',
]

/** @param {string} text */
export const latin = (text) => Uint8Array.from(text, (letter) => letter.charCodeAt(0))

/** @param {Product['identity']} identity @param {number} fill */
export const peerOf = (identity, fill) => identity.peerIdFromBytes(new Uint8Array(32).fill(fill))

/** Its signatures pass. @param {PeerId} peerId @returns {import('../../src/identity/keys.ts').Signer} */
export const signerOf = (peerId) => ({ peerId, sign: (_message, done) => done(new Uint8Array(64)) })

/** @param {string} text */
export function fromHex(text) {
  return Uint8Array.from(text.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16))
}
