/** Every bound of this room in one place. */
export interface TransportLimits {
  /** One frame, either way. */
  readonly frameBytesMax: number
  /** `onDrain` fires when what is buffered falls to this. */
  readonly bufferedBytesLow: number
  /** A peer that takes nothing in until this much waits for it loses its link. */
  readonly bufferedBytesMax: number
  /** From the dial, or the arrival of an offer, to an authenticated link. */
  readonly dialDeadlineMs: number
  /** Own dials under way. */
  readonly dialsMax: number
  /** Attempts of others under way, not authenticated yet. */
  readonly incomingMax: number
  /** Offers taken up in a burst, and then per second: each costs a connection of the page's 500. */
  readonly offersBurst: number
  readonly offersPerSecond: number
  /** Candidates of one peer in one attempt. */
  readonly candidatesMax: number
  /** How long candidates are gathered into one signaling payload. */
  readonly batchMs: number
  /** How long those over TCP are kept back, and not sent at all when a link has opened by then. */
  readonly tcpMs: number
  /** How long a link that we close may take to let out what was sent. */
  readonly lingerMs: number
}

export const defaultLimits: TransportLimits = {
  frameBytesMax: 65_536, // what every engine can receive in one message
  bufferedBytesLow: 65_536, // simple-peer's own threshold; a ping behind it waits 5 ms at 100 Mbit/s
  bufferedBytesMax: 1_048_576, // a guess, tested against a reader that never reads
  dialDeadlineMs: 8_000, // js-libp2p waits 12.5 s; a failed pair shows in ICE after 15 s (measured), too late to wait for
  dialsMax: 16, // twice the overlay's 8 links: a newcomer may dial all at once, while others dial it
  incomingMax: 16,
  offersBurst: 32,
  offersPerSecond: 2, // 120 a minute: far from 500 before the collector runs
  candidatesMax: 32, // two dozen interfaces and their TCP twins; simple-peer itself keeps any number
  batchMs: 5, // all host candidates over UDP come within 3 ms (measured), so one payload carries them
  // libwebrtc gathers them 100 ms after the others (measured), so they would be a payload of their own for each end of each
  // link; they help where UDP is blocked, and there a second is not long.
  tcpMs: 1_000,
  lingerMs: 1_000,
}

/** Signaling payloads, whole. The signaling server relays no more. */
export const signalBytesMax = 16_384
export const candidateBytesMax = 512
