/** Files of the commands: keys, which nobody else may read, and texts that are no secret. */
import { lstat, open, readFile, rename } from 'node:fs/promises'
import { identityOf } from '../../mesh/capabilities.ts'
import type { PeerId, Signer } from '../../mesh/platform.ts'

/** What was given cannot be used: for people, with what is allowed. */
export class FileError extends Error {
  override readonly name = 'FileError'
}

export interface Key {
  readonly id: PeerId
  /** 32 bytes as base64url. */
  readonly secret: string
}

export interface OpenedKey extends Key {
  readonly signer: Signer
}

/** Never over an existing one: it may be the only copy of an owner's key. */
export async function writeKey(path: string, { id, secret }: Key): Promise<void> {
  try {
    const file = await open(path, 'wx', 0o600)
    await file.writeFile(`${JSON.stringify({ id, secret }, undefined, 2)}\n`)
    await file.close()
  } catch (error) {
    throw because(error, { EEXIST: `${path} is there already; a key is never written over.` })
  }
}

export async function readKey(path: string): Promise<OpenedKey> {
  const text = await readText(path)
  // Windows has no such bits.
  if (process.platform !== 'win32' && ((await lstat(path)).mode & 0o077) !== 0)
    throw new FileError(`${path} can be read by others. Say: chmod 600 ${path}`)
  let key: Partial<Key>
  try {
    key = JSON.parse(text) as Partial<Key>
  } catch (error) {
    if (error instanceof SyntaxError) throw new FileError(`${path} is no key, as "shoal-owner key" makes it.`)
    throw error
  }
  const signer = typeof key?.secret === 'string' ? await identityOf(key.secret) : undefined
  if (signer === undefined || key.id !== signer.peerId)
    throw new FileError(`${path} is no key, as "shoal-owner key" makes it.`)
  return { id: signer.peerId, secret: key.secret!, signer }
}

/** A text that a command wrote: one line. */
export async function readText(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch (error) {
    throw because(error, { ENOENT: `There is no file ${path}.` })
  }
}

/** Whole or not at all: written beside it, then renamed. */
export async function writeText(path: string, text: string): Promise<void> {
  const beside = `${path}.new`
  try {
    const file = await open(beside, 'w')
    await file.writeFile(`${text}\n`)
    await file.sync()
    await file.close()
    await rename(beside, path)
  } catch (error) {
    throw because(error, {})
  }
}

/** A file system's reason as ours; anything else is thrown on. */
function because(error: unknown, known: Readonly<Record<string, string>>): unknown {
  const { code, message } = error as NodeJS.ErrnoException
  return code === undefined ? error : new FileError(known[code] ?? message)
}
