/**
 * What two linked peers say while one gives the other something large. The sender chooses the number; `sender` says
 * which of the two speaks, since both may have a transfer of that number.
 */
/** "I have so many bytes for you." No byte is sent before the receiver has given credit. */
export interface Offer {
  readonly type: 'offer'
  readonly transfer: number
  readonly bytes: number
}

/** The next bytes. */
export interface Chunk {
  readonly type: 'chunk'
  readonly transfer: number
  readonly payload: Uint8Array
}

/** "I have had so many": up to `creditBytes` more may be sent. */
export interface Credit {
  readonly type: 'credit'
  readonly transfer: number
  readonly received: number
}

/** All was sent; this is the SHA-256 of it. */
export interface Finish {
  readonly type: 'finish'
  readonly transfer: number
  readonly sha256: Uint8Array
}

/** The codes are on the wire: never renumber. */
export const stopWords = {
  /** The receiver has all of it, and its hash is right. */
  done: 0,
  /** It is larger than the receiver takes. */
  'too-large': 1,
  /** The receiver takes others at the moment. */
  busy: 2,
  cancelled: 3,
  /** What came is not what was sent, or breaks these rules. */
  broken: 4,
} as const

export type StopWord = keyof typeof stopWords

/** The end of a transfer. */
export interface Stop {
  readonly type: 'stop'
  readonly transfer: number
  /** The one who sends the bytes says it. */
  readonly sender: boolean
  readonly word: StopWord
}

export type TransferMessage = Offer | Chunk | Credit | Finish | Stop

/** How far the sender may be ahead of what the receiver says to have: 10 MB/s where a round trip takes 100 ms. */
export const creditBytes = 1 << 20
/** Credit is given anew each time that so much has come. */
export const creditEveryBytes = 1 << 14
