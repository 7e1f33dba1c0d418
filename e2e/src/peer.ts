/** A peer of the mesh as a test holds it, wherever it lives. */
import type { MemberNote, Noted } from './recorder.mjs'

export type { MemberNote, Noted } from './recorder.mjs'

export type PeerKind = 'chromium' | 'firefox' | 'node'

/** What a call came to: a value, or the error's stable code and its text. */
export interface Answer {
  readonly value?: unknown
  readonly code?: string
  readonly message?: string
}

export interface Peer {
  readonly kind: PeerKind
  readonly name: string
  readonly id: string
  /** Members by id. */
  members(): Promise<Record<string, MemberNote>>
  /** Every event since it joined. */
  notes(): Promise<readonly Noted[]>
  call(method: 'send' | 'broadcast' | 'setMetadata' | 'leave' | 'stats', ...args: readonly unknown[]): Promise<Answer>
  /** What nobody caught. */
  troubles(): Promise<readonly string[]>
  /** Ends it in good order. */
  close(): Promise<void>
}

/** What was refused of one peer, each by itself, whether it was told alone or together with others. */
export function refusalsFrom(notes: readonly Noted[], id: string): readonly Noted[] {
  return notes
    .filter(({ type, from }) => type === 'claim-rejected' && from === id)
    .flatMap((note) => Array.from({ length: note.count ?? 1 }, () => note))
}
