/**
 * Where a map is kept across restarts: a port. A store knows names and bytes, and neither what they mean nor
 * whether they are true: whoever reads them back verifies them as if a stranger had sent them.
 */
import { type ErrorCode, errorCodes, ShoalError } from './errors.ts'

/** One signed entry. Its name is its digest, so one name never stands for two. */
export interface KeptRecord {
  /** 22 characters of base64url. */
  readonly name: string
  /** At most 65,535 bytes. */
  readonly bytes: Uint8Array
}

export interface EntryStore {
  /** All that is kept, in parts, in no order. Called once, before anything is written. */
  read(): AsyncIterable<readonly KeptRecord[]>
  /**
   * Resolves when all of it outlasts the end of the process, whatever ends it. Until then any of it may be there
   * or not, but nothing of `drops` is gone before all of `puts` is there.
   */
  write(puts: readonly KeptRecord[], drops: readonly string[]): Promise<void>
  close(): Promise<void>
}

export interface StorePlace {
  /** The mesh id, as base64url: no name of a room is told to a disk. */
  readonly room: string
  readonly map: string
  /** Something is wrong that does not end it: what was read was damaged, or somebody stands in the way. */
  readonly trouble: (error: ShoalError) => void
}

export type StoreMaker = (place: StorePlace) => Promise<EntryStore>

const fullNames: ReadonlySet<unknown> = new Set(['QuotaExceededError', 'ENOSPC', 'EDQUOT'])

/** What went wrong with a store, as the application is told. */
export function storageError(cause: unknown): ShoalError {
  if (cause instanceof ShoalError) return cause
  const { name, code } = cause as { readonly name?: unknown; readonly code?: unknown }
  const ours: ErrorCode = fullNames.has(name) || fullNames.has(code) ? 'ERR_STORAGE_FULL' : 'ERR_STORAGE'
  return new ShoalError(ours, `${errorCodes[ours]} ${String(cause)}`, { cause })
}
