/**
 * Everything that can go wrong for an application, in one table: a stable code, and what it means.
 * A message always says what was wrong and what is allowed, so that nobody has to look it up.
 */
import type { LossCode } from '../signaling/client.ts'

/** Code → what it means. The codes are stable: programs may compare them. */
export const errorCodes = {
  ERR_ROOM_INVALID: 'The room is not a string of 1 to 64 characters, at most 64 bytes as UTF-8.',
  ERR_SIGNALING_URL_INVALID: 'A signaling address is missing, or is not a ws:// or wss:// URL.',
  ERR_METADATA_INVALID: 'Metadata is not a plain object of values that CBOR carries without tags.',
  ERR_METADATA_TOO_LARGE: 'Metadata is more than 512 bytes as CBOR.',
  ERR_ZONE_INVALID: 'The zone is not a string of at most 64 bytes as UTF-8.',
  ERR_OPTION_INVALID: 'An option has a value that it cannot have.',
  ERR_SECRET_INVALID: 'A secret is not 16 to 64 random bytes as base64url.',
  ERR_NOT_ALLOWED: 'The list of who is let in does not name us.',
  ERR_CAPABILITY_INVALID: 'This is no capability of ours in this room.',
  ERR_CAPABILITY_RIGHT: 'Our capability lets us write only keys under o/<our id>/.',
  ERR_CAPABILITY_EXPIRED: 'Our capability has run out.',
  ERR_CAPABILITY_REVOKED: 'The room’s owner has taken back our capability.',
  ERR_REVOCATIONS_INVALID: 'This is no list of revocations by the owner of this room.',
  ERR_REVOCATIONS_OLD: 'A newer list of revocations is known; an older one is never taken in its place.',
  ERR_REVOCATIONS_STALE: 'No list of revocations is known whose time is not over.',
  ERR_UNSUPPORTED: 'This browser or process lacks something that a mesh needs (WebRTC, WebSocket, secure randomness).',
  ERR_DATA_INVALID: 'A message holds something that CBOR does not carry without tags (a function, a symbol, a class).',
  ERR_MESSAGE_TOO_LARGE: 'A message is over the limit that the error states.',
  ERR_UNKNOWN_PEER: 'No member of the mesh has this id.',
  ERR_UNREACHABLE: 'The member is known, but no link or route leads to it now.',
  ERR_CONGESTED:
    'The links were full, or too much was broadcast, for longer than the deadline; what was sent before is still under way.',
  ERR_KEY_INVALID: 'A key of a map is not well-formed text of at most 256 bytes as UTF-8.',
  ERR_KEY_OWNER: 'Keys that begin with o/<id>/ are written by the member with that id alone.',
  ERR_VALUE_INVALID: 'A value is not one that its map takes: the schema refused it, or CBOR does not carry it.',
  ERR_QUOTA: 'One member may have 1,000 entries and 1 MB in the shared state: delete some first.',
  ERR_STORAGE: 'What a map is kept in could not be opened, read or written.',
  ERR_STORAGE_FULL: 'There is no room to keep more of a map: the disk or the quota of this origin is full.',
  ERR_STORAGE_BUSY: 'What a map is kept in is in use by another process or tab.',
  ERR_STORAGE_DAMAGED: 'Some of what a map was kept in is not what was written there, and was left out.',
  ERR_RESPONDER: 'A function that was given to respond() threw; nothing was answered.',
  ERR_NOT_LINKED:
    'A large message needs a link, and there is none to this member now: only messages of up to 16 KiB go over routes.',
  ERR_RECEIVER_LIMIT: 'The message is larger than its receiver takes.',
  ERR_RECEIVER_BUSY: 'The receiver takes other large messages at the moment: try again later.',
  ERR_TRANSFER_BROKEN: 'What arrived is not what was sent; the receiver has dropped it.',
  ERR_CLOSED: 'The mesh has ended: leave(), an aborted signal, or a failure that was reported.',
  ERR_ABORTED: 'An AbortSignal was aborted.',
  ERR_DUPLICATE_IDENTITY: 'The same identity joined again in a newer tab or process, and this one stopped.',
  ERR_SLOW_LINK: 'More than 1 MB was waiting for one link, so it was hung up.',
  ERR_INTERNAL: 'A broken invariant in this library: please report it.',
} as const

/** Ours, and what a signaling server or the way to it may say. */
export type ErrorCode = keyof typeof errorCodes | LossCode

/** The one error that this library throws or rejects with. `code` is stable, `message` is for people. */
export class ShoalError extends Error {
  override readonly name = 'ShoalError'
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
