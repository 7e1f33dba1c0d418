/** Judges signatures in this page, by the library as it was built: once by the engine, once by the script. */
import { chooseVerifier, nativeVerifier } from '../../lib/dist/identity/index.js'

/** Bytes as numbers: what a bridge between a test and a page carries. */
export interface AskedSignature {
  readonly publicKey: readonly number[]
  readonly message: readonly number[]
  readonly signature: readonly number[]
}

export interface Judgement {
  readonly engine: readonly boolean[]
  readonly script: readonly boolean[]
  /** What `chooseVerifier` takes here, after its self-test: the engine's. */
  readonly native: boolean
}

declare global {
  interface Window {
    judge(signatures: readonly AskedSignature[]): Promise<Judgement>
  }
}

window.judge = async (signatures) => {
  const script = await chooseVerifier(undefined)
  const answers = (verifier: typeof script.verifier): Promise<boolean[]> =>
    Promise.all(
      signatures.map(
        ({ publicKey, message, signature }) =>
          new Promise<boolean>((resolve) =>
            verifier.verify(Uint8Array.from(publicKey), Uint8Array.from(message), Uint8Array.from(signature), resolve),
          ),
      ),
    )
  return {
    engine: await answers(nativeVerifier(crypto.subtle)),
    script: await answers(script.verifier),
    native: (await chooseVerifier(crypto.subtle)).native,
  }
}
