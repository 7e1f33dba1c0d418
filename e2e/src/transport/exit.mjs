/**
 * A process of its own: two peers link, then it comes to its end with the links `closed` or still
 * `open`. Whoever started it sees whether it ends by itself, and how.
 */
import { loadWrtc } from '../../../lib/dist/adapters/node/wrtc.js'
import { scriptVerifier, seedSigner } from '../../../lib/dist/identity/ed25519.js'
import { simplePeerTransport } from '../../../lib/dist/transport/simple-peer.js'

const wrtc = await loadWrtc()
const [, , links] = process.argv
const host = {
  now: () => performance.now(),
  after: (/** @type {number} */ delayMs, /** @type {() => void} */ run) => {
    const timer = setTimeout(run, delayMs)
    return () => clearTimeout(timer)
  },
  random: (/** @type {number} */ count) => crypto.getRandomValues(new Uint8Array(count)),
}

/** @type {{ id: import('../../../lib/dist/identity/peer-id.js').PeerId, transport: import('../../../lib/dist/transport/port.js').Transport }[]} */
const peers = []
let linked = 0
for (const seed of [1, 2]) {
  const signer = seedSigner(new Uint8Array(32).fill(seed))
  const meshId = /** @type {import('../../../lib/dist/identity/peer-id.js').MeshId} */ (new Uint8Array(32))
  const transport = simplePeerTransport({ credentials: { meshId, signer, verifier: scriptVerifier }, host, wrtc })({
    onSignal: (to, payload) => peers.find(({ id }) => id === to)?.transport.signal(signer.peerId, payload),
    onFailure: (_peer, code) => console.log(`failed: ${code}`),
    onLink: () => {
      if (++linked < 2) return
      console.log('linked')
      if (links === 'open') process.exit()
      for (const peer of peers) peer.transport.close()
    },
  })
  peers.push({ id: signer.peerId, transport })
}
peers[0]?.transport.dial(/** @type {import('../../../lib/dist/identity/peer-id.js').PeerId} */ (peers[1]?.id))
