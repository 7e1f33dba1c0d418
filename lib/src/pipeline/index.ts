/** What the driver needs: the two streets, what they cost, and application data as bytes. */
export { type LinkBudget, nativeBudget, scriptBudget } from './budget.ts'
export { recallEntry } from './recall.ts'
export { openKept } from './kept.ts'
export { ClaimCache } from './claim-cache.ts'
export { Egress, type EgressOptions } from './egress.ts'
export { FrameMemo } from './frame-memo.ts'
export { type Arrival, Ingress, type IngressOptions } from './ingress.ts'
export { type ErrorCode, errors, WireError } from '../wire/errors.ts'
export {
  claimsPerFrameMax,
  frameBytesMax,
  keyBytesMax,
  metadataBytesMax,
  nameBytesMax,
  payloadBytesMax,
  routedPayloadBytesMax,
} from '../wire/limits.ts'
export { textFits } from '../wire/cbor.ts'
export { decodeValue, encodeValue, tryDecodeValue, ValueError } from '../wire/value.ts'
