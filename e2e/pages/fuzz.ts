/** Hostile input for every parser in this page, by the library as it was built for pages. */
import * as capability from '../../lib/dist/identity/capability.js'
import * as capabilityRoom from '../../lib/dist/identity/capability-room.js'
import * as identity from '../../lib/dist/identity/index.js'
import * as door from '../../lib/dist/mesh/door-words.js'
import * as pipeline from '../../lib/dist/pipeline/index.js'
import * as messages from '../../lib/dist/signaling/messages.js'
import * as handshake from '../../lib/dist/transport/handshake.js'
import * as sdp from '../../lib/dist/transport/sdp.js'
import * as signal from '../../lib/dist/transport/signal.js'
import { type Figures, fuzzer, type Seeds } from '../../lib/test/fuzz/fuzz.mjs'

declare global {
  interface Window {
    fuzz: {
      begin(seeds: Seeds, seed: number): void
      feed(count: number): void
      end(): readonly Figures[]
    }
  }
}

let running: ReturnType<typeof fuzzer>

window.fuzz = {
  begin: (seeds, seed) => {
    running = fuzzer(
      { capability: { ...capability, ...capabilityRoom }, door, handshake, identity, messages, pipeline, sdp, signal },
      seeds,
      seed,
    )
  },
  feed: (count) => running.feed(count),
  end: () => running.figures(),
}
