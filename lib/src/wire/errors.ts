/**
 * Every reason for refusing something that came in, with a code that is stable: applications see it in
 * `claim-rejected`, operators in `stats().rejected`, and a strike may follow from it.
 *
 * `blame` says whether the neighbour that sent it must be at fault. It is true only for what needs no
 * clock and no view of the mesh to see: whoever forwards checks the same first, so an honest neighbour
 * never sends it. What depends on clocks, budgets or views is dropped without blame.
 */
export interface ErrorRow {
  readonly blame: boolean
  readonly says: string
}

const blamed = (says: string): ErrorRow => ({ blame: true, says })
const unblamed = (says: string): ErrorRow => ({ blame: false, says })

export const errors = {
  ERR_FRAME_TOO_LARGE: blamed('a frame is empty or larger than frameBytesMax'),
  ERR_FRAME_KIND: blamed('a frame of a kind that does not exist, or does not belong here'),
  ERR_FRAME_SHAPE: blamed('a frame whose fields are not those of its kind, or are out of range'),

  ERR_CBOR_TRUNCATED: blamed('the bytes end before the item does'),
  ERR_CBOR_TRAILING: blamed('bytes follow the item'),
  ERR_CBOR_TAG: blamed('a tag (CBOR major type 6): none is allowed'),
  ERR_CBOR_INDEFINITE: blamed('an item of indefinite length, or a lone break'),
  ERR_CBOR_NOT_CANONICAL: blamed('a number or length that is not in its shortest form'),
  ERR_CBOR_INTEGER: blamed('an integer outside −2^32 … 2^53−1'),
  ERR_CBOR_SIMPLE: blamed('a simple value other than false, true and null'),
  ERR_CBOR_TYPE: blamed('a map or a float where only application data may have one'),
  ERR_CBOR_FLOAT: blamed('a float that is not 64 bits wide, or that stands for an integer, or a NaN with a payload'),
  ERR_CBOR_TEXT: blamed('text that is not well-formed UTF-8, or starts with a byte order mark'),
  ERR_CBOR_KEY: blamed('a map key that is not text, or is __proto__, constructor or prototype'),
  ERR_CBOR_KEY_ORDER: blamed('map keys out of order, or one key twice'),
  ERR_CBOR_DEPTH: blamed('nested deeper than depthMax'),
  ERR_CBOR_ITEMS: blamed('more items than itemsMax'),

  ERR_CLAIM_TOO_LARGE: blamed('a claim larger than its type allows'),
  ERR_CLAIM_TYPE: blamed('a claim of a type that does not exist, or does not belong in this frame'),
  ERR_CLAIM_SHAPE: blamed('a claim whose fields are not those of its type, or are out of range'),
  ERR_CLAIM_TTL: blamed('a claim that asks to be believed for longer than its type allows'),
  ERR_CLAIM_SIGNATURE: blamed('a claim whose signature is refused: altered, forged, or of another room'),

  ERR_ENTRY_OWNER: blamed('an entry under a key that belongs to somebody other than its writer'),

  ERR_FAULT_EVIDENCE: blamed('evidence of nothing'),

  ERR_CAPABILITY_SHAPE: blamed('no well-formed proof'),
  ERR_CAPABILITY_SUBJECT: blamed('a proof that names somebody else'),
  ERR_CAPABILITY_ISSUER: blamed('a proof of another owner'),
  ERR_CAPABILITY_DELEGATION: blamed('a capability beyond its signer’s'),
  ERR_CAPABILITY_SIGNATURE: blamed('a capability whose signature is refused'),
  ERR_CAPABILITY_TIME: blamed('a claim from outside its capability’s time'),
  ERR_CAPABILITY_RIGHT: blamed('an entry beyond its capability'),

  ERR_REVOKE_ISSUER: blamed('a list of revocations that is not the owner’s'),

  ERR_CLAIM_EXPIRED: unblamed('a claim whose time is over by our clock'),
  ERR_CLAIM_EARLY: unblamed('a claim issued further in our future than clocks may differ'),
  ERR_ROUTED_PAYLOAD: unblamed(
    'a routed claim whose payload is no acceptable frame: the fault of its author, not of the neighbour',
  ),
  ERR_VERIFY_RATE: unblamed('more new claims over one link than its budget of signature checks allows'),

  ERR_LINK_STALE_RATE: unblamed('more useless claims over one link than its budget allows: the link is of no more use'),
  ERR_LINK_VERIFY_RATE: unblamed('far more new claims over one link than can be checked: the link is of no more use'),

  ERR_LINK_NEWS_RATE: blamed(
    'more broadcasts of one author over one link than members pass on: the link is of no more use',
  ),
  ERR_LINK_CLAIM_RATE: blamed('more claims over one link than its budget allows: the link is of no more use'),
  ERR_LINK_FRAME_RATE: blamed('more frames over one link than its budget allows: the link is of no more use'),
  ERR_LINK_BYTE_RATE: blamed('more bytes over one link than its budget allows: the link is of no more use'),
  ERR_LINK_BACKLOG: blamed('more frames over one link than can be verified in time: the link is of no more use'),
} as const satisfies Record<string, ErrorRow>

export type ErrorCode = keyof typeof errors

/**
 * All that decoding ever throws. An Error in all but its stack, which nobody reads and which would cost more
 * than all else that is done for a hostile frame (measured: npm run fuzz, a quarter of the time).
 */
export class WireError implements Error {
  readonly name = 'WireError'
  readonly code: ErrorCode
  readonly message: string
  constructor(code: ErrorCode, detail?: string) {
    this.code = code
    this.message = detail === undefined ? errors[code].says : `${errors[code].says}: ${detail}`
  }
}
Object.setPrototypeOf(WireError.prototype, Error.prototype)
