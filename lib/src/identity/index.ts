/** `shoal/identity`: names, keys and signatures, for whoever needs them without a mesh (the signaling server, tools, tests). */
export { fromBase64Url, toBase64Url } from './base64url.ts'
export { type ClaimBase, type ClaimType, claimTypes, type Digest, type Draft, type Verified } from './claim.ts'
export { bodyOf, digestOf, open, seal, signedBytes, typeOf, unwrap, type ReadClaim, type Unopened } from './envelope.ts'
export { sha256 } from './hash.ts'
export type { Signer, Verifier } from './keys.ts'
export type { Millis, WallMillis } from './millis.ts'
export {
  type InstanceId,
  instanceIdFromBytes,
  instanceIdToBytes,
  type MeshId,
  meshIdOf,
  parsePeerId,
  type PeerId,
  peerIdFromBytes,
  peerIdToBytes,
} from './peer-id.ts'
export { publicKeyShapeOk, signatureShapeOk } from './signature-shape.ts'
export { utf8 } from './utf8.ts'
export {
  chooseVerifier,
  type ChosenVerifier,
  freshSigner,
  type KeyPairHandle,
  loadScriptEd25519,
  nativeKeyPair,
  nativeSigner,
  nativeVerifier,
  passesSelfTest,
  type ScriptEd25519,
  type SubtleLike,
} from './webcrypto.ts'
