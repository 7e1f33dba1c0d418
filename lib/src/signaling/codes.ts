/**
 * Every reason why the server refuses something, in one table. The codes cross the wire and are
 * stable: programs may compare them. The texts say what is allowed, and never repeat what was sent.
 */

export const signalingCodes = {
  ERR_FRAME_TOO_LARGE: 'A signaling frame is at most 64 KiB of text.',
  ERR_FRAME_INVALID:
    'A signaling frame is one JSON object, at most 4 levels deep, with a known "t" and exactly its keys.',
  ERR_BINARY: 'Signaling frames are text, not binary.',
  ERR_VERSION: 'This server speaks version 1 of the signaling protocol.',
  ERR_ROOM_INVALID: 'A room name is 1 to 64 printable characters, at most 64 bytes as UTF-8.',
  ERR_ROOM_MISMATCH: 'The room of the join is not the room in the address.',
  ERR_ID_INVALID: 'An id is an ed25519 public key as 43 characters of base64url.',
  ERR_DATA_INVALID: 'Signaling data is base64url of 1 to 16384 bytes.',
  ERR_SIGNATURE: 'The signature over the challenge is not one of this id.',
  ERR_AUDIENCE: 'The join was signed for another server.',
  ERR_TOKEN_REQUIRED: 'This server admits only clients that bring a token.',
  ERR_TOKEN_INVALID: 'The token is malformed, expired, signed with another secret, or made for another room or id.',
  ERR_ORIGIN: 'This page’s origin is not on the list of origins that this server admits.',
  ERR_JOIN_TIMEOUT: 'A client joins within the deadline after it has connected.',
  ERR_NOT_JOINED: 'The first frame of a client is its join.',
  ERR_ALREADY_JOINED: 'One socket joins one room, once.',
  ERR_REPLACED: 'The same id joined this room again with a newer socket.',
  ERR_ROOM_FULL: 'The room has as many peers registered as this server allows; the mesh itself may be larger.',
  ERR_ROOMS_FULL: 'The server holds as many rooms as it allows.',
  ERR_RATE: 'Too many frames: the server allows a rate with bursts, and this socket went over it.',
  ERR_JOIN_RATE: 'Too many joins from this address.',
  ERR_TOO_MANY_CONNECTIONS: 'Too many sockets from this address, or too many new ones at this server.',
  ERR_SLOW_CONSUMER: 'The client reads more slowly than it is sent to.',
  ERR_SILENT: 'The client was not heard of for too long.',
  ERR_UNAVAILABLE: 'The server cannot register anybody at the moment; it says when to try again.',
  ERR_SHUTDOWN: 'The server is going down for a restart or an upgrade; it says when to come back.',
} as const

export type SignalingCode = keyof typeof signalingCodes

/** Something that came in and is not as it must be: an ordinary value, never thrown across rooms. */
export interface Refusal {
  readonly code: SignalingCode
}
