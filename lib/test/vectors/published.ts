/** The published signatures, in one shape. Where they come from: README.md beside this file. */
import { readFileSync } from 'node:fs'

export interface PublishedSignature {
  /** Which file, and which of its cases. */
  readonly name: string
  readonly publicKey: Uint8Array
  readonly message: Uint8Array
  readonly signature: Uint8Array
  /** What the authors say, where they say it. */
  readonly valid?: boolean
}

interface Wycheproof {
  readonly testGroups: readonly {
    readonly publicKey: { readonly pk: string }
    readonly tests: readonly {
      readonly tcId: number
      readonly msg: string
      readonly sig: string
      readonly result: string
    }[]
  }[]
}

export function speccheck(): PublishedSignature[] {
  return read<{ message: string; pub_key: string; signature: string }[]>('speccheck.json').map((each, index) => ({
    name: `speccheck ${index}`,
    publicKey: hex(each.pub_key),
    message: hex(each.message),
    signature: hex(each.signature),
  }))
}

export function cctv(): PublishedSignature[] {
  return read<{ number: number; key: string; sig: string; msg: string }[]>('cctv-ed25519.json').map((each) => ({
    name: `cctv ${each.number}`,
    publicKey: hex(each.key),
    message: new TextEncoder().encode(each.msg),
    signature: hex(each.sig),
  }))
}

export function wycheproof(): PublishedSignature[] {
  return read<Wycheproof>('wycheproof-ed25519.json').testGroups.flatMap((group) =>
    group.tests.map((each) => ({
      name: `wycheproof ${each.tcId}`,
      publicKey: hex(group.publicKey.pk),
      message: hex(each.msg),
      signature: hex(each.sig),
      valid: each.result === 'valid',
    })),
  )
}

export function publishedSignatures(): PublishedSignature[] {
  return [...speccheck(), ...cctv(), ...wycheproof()]
}

export function hex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16))
}

function read<T>(file: string): T {
  return JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8')) as T
}
