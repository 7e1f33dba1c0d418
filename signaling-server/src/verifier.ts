/** Checks the signature of a join with Node's own crypto, behind the port of `shoal/identity`. */
import { createPublicKey, verify } from 'node:crypto'

export interface JoinVerifier {
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array, done: (valid: boolean) => void): void
}

/** The 12 bytes that turn a raw ed25519 key into its DER form (RFC 8410). */
const derPrefix = Buffer.from('302a300506032b6570032100', 'hex')

export const nodeVerifier: JoinVerifier = {
  verify(publicKey, message, signature, done) {
    const der = Buffer.concat([derPrefix, publicKey])
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' })
    done(verify(null, message, key, signature))
  },
}
