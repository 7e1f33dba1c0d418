/**
 * A store in a file: a log of batches, each with length and checksum, forced to the disk before its write resolves.
 * A batch is there as a whole or not at all. When more than half of the file is dead it is written anew beside the
 * old one and takes its place by a rename, so that at any moment one whole file has the name.
 *
 *     "shoal-entries/1\n", then for each batch:  marker 4 ‖ length u32 ‖ CRC-32 u32 ‖ operations
 *     put:  0x01 ‖ name 22 ‖ length u16 ‖ bytes          drop:  0x02 ‖ name 22
 */
import { createHash, randomBytes, randomInt } from 'node:crypto'
import { copyFile, type FileHandle, mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { crc32 } from 'node:zlib'
import type { EntryStore, KeptRecord, StoreMaker } from '../../mesh/platform.ts'
import { errorCodes, ShoalError } from '../../mesh/errors.ts'

const header = Buffer.from('shoal-entries/1\n')
const marker = Buffer.from([0xc1, 0x53, 0x48, 0x4c])
const frameBytes = marker.length + 8
const nameBytes = 22
const namePattern = /^[\w-]{22}$/
/** Operations of one batch; what is more goes into another. A guess. */
const batchBytesMax = 1 << 20
/** A batch and its last operation. */
const payloadBytesMax = batchBytesMax + nameBytes + 3 + 0xffff
/** A file of less is not worth writing anew. */
const compactBytesMin = 1 << 16
const recordsPerRead = 256
/** Guesses: who is told that it is busy has waited for a tenth of a second. */
const lockTriesMax = 5
const lockPauseMsMax = 50

/**
 * Keeps maps in files of this directory, which is made when it is missing: `mesh.map(name, { persistence:
 * fileStore('/var/lib/shoal') })`. One process has a map's file at a time; another is told `ERR_STORAGE_BUSY`.
 */
export function fileStore(directory: string): StoreMaker {
  return async ({ room, map, trouble }) => {
    await mkdir(directory, { recursive: true })
    // Any name makes a file name, on disks that fold case too.
    const name = createHash('sha256').update(`${room}\0${map}`).digest('hex').slice(0, 32)
    return FileStore.open(join(directory, `${name}.shoal`), trouble)
  }
}

interface Place {
  readonly at: number
  readonly length: number
}

/** Paths that this process has open: its own number in a lock says nothing about them. */
const ours = new Set<string>()

export class FileStore implements EntryStore {
  readonly #path: string
  readonly #lock: string
  #file: FileHandle
  #end: number
  #index: Map<string, Place>
  /** Bytes of what is in the index. */
  #live: number
  /** One thing at a time, in order. */
  #turn: Promise<unknown> = Promise.resolve()

  private constructor(path: string, lock: string, file: FileHandle, { index, end, live }: Scanned) {
    this.#path = path
    this.#lock = lock
    this.#file = file
    this.#index = index
    this.#end = end
    this.#live = live
  }

  /** What of the file is damaged is told as `ERR_STORAGE_DAMAGED`, and the file as it was is kept beside it. */
  static async open(path: string, trouble: (error: ShoalError) => void): Promise<FileStore> {
    const own = await lock(path)
    try {
      const file = await openFile(path)
      const scanned = await scan(file)
      const store = new FileStore(path, own, file, scanned)
      if (scanned.damagedBytes > 0) {
        if (!scanned.torn) await copyFile(path, `${path}.damaged`)
        await store.#compact()
        const kept = scanned.torn ? 'The last batch was torn.' : `The file as it was is ${path}.damaged.`
        const what = `${scanned.damagedBytes} bytes of ${path} could not be read. ${kept}`
        trouble(new ShoalError('ERR_STORAGE_DAMAGED', `${errorCodes.ERR_STORAGE_DAMAGED} ${what}`))
      }
      return store
    } catch (error) {
      await unlock(path, own)
      throw error
    }
  }

  async *read(): AsyncGenerator<readonly KeptRecord[]> {
    let part: KeptRecord[] = []
    for (const [name, { at, length }] of this.#index) {
      part.push({ name, bytes: await readAt(this.#file, at, length) })
      if (part.length < recordsPerRead) continue
      yield part
      part = []
    }
    if (part.length > 0) yield part
  }

  write(puts: readonly KeptRecord[], drops: readonly string[]): Promise<void> {
    for (const name of [...puts.map((put) => put.name), ...drops])
      if (!namePattern.test(name)) throw new RangeError(`not a name of 22 characters: ${name}`)
    return this.#inTurn(async () => {
      for (const batch of batchesOf(puts, drops)) await this.#append(batch)
      if (this.#end > compactBytesMin && this.#end > 2 * this.#live) await this.#compact()
    })
  }

  close(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#file.close()
      await unlock(this.#path, this.#lock)
    })
  }

  #inTurn(run: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(run)
    this.#turn = done.catch(() => {})
    return done
  }

  async #append(batch: Buffer): Promise<void> {
    const bytes = framed(batch)
    try {
      await writeAt(this.#file, bytes, this.#end)
      await this.#file.datasync()
    } catch (error) {
      // Nothing of it may turn up again: a later batch would stand before half of this one.
      await this.#file.truncate(this.#end)
      throw error
    }
    this.#live += applyBatch(this.#index, batch, this.#end + frameBytes) ?? 0
    this.#end += bytes.length
  }

  async #compact(): Promise<void> {
    const path = `${this.#path}.new`
    const file = await open(path, 'w+')
    const index = new Map<string, Place>()
    let [end, live] = [header.length, 0]
    try {
      await writeAt(file, header, 0)
      for await (const part of this.read()) {
        for (const batch of batchesOf(part, [])) {
          const bytes = framed(batch)
          await writeAt(file, bytes, end)
          live += applyBatch(index, batch, end + frameBytes) ?? 0
          end += bytes.length
        }
      }
      await file.sync()
      await rename(path, this.#path)
      await syncDirectory(this.#path)
    } catch (error) {
      await file.close()
      throw error
    }
    await this.#file.close()
    this.#file = file
    this.#index = index
    this.#end = end
    this.#live = live
  }
}

interface Scanned {
  readonly index: Map<string, Place>
  readonly end: number
  readonly live: number
  readonly damagedBytes: number
  /** Nothing but the end is damaged: its writer was killed, and nobody was told that it was stored. */
  readonly torn: boolean
}

/** Reads the whole log. After what is no batch it looks for the next marker that begins one. */
async function scan(file: FileHandle): Promise<Scanned> {
  const { size } = await file.stat()
  const index = new Map<string, Place>()
  let live = 0
  let damagedBytes = 0
  let torn = true
  const head = await readAt(file, 0, Math.min(size, header.length))
  let at = header.equals(head) ? header.length : 0
  if (size === 0) {
    await writeAt(file, header, 0)
    await file.sync()
    at = header.length
  }
  let window = Buffer.alloc(0)
  let windowAt = at
  while (at < size) {
    if (at + frameBytes + payloadBytesMax > windowAt + window.length && windowAt + window.length < size) {
      windowAt = at
      window = await readAt(file, at, Math.min(size - at, 4 * payloadBytesMax))
    }
    const rest = window.subarray(at - windowAt)
    const payload = payloadAt(rest)
    const gained = payload && applyBatch(index, payload, at + frameBytes)
    if (payload !== undefined && gained !== undefined) {
      if (damagedBytes > 0) torn = false
      live += gained
      at += frameBytes + payload.length
      continue
    }
    const next = rest.indexOf(marker, 1)
    const skipped =
      next > 0 ? next : Math.max(1, rest.length - (windowAt + window.length < size ? marker.length - 1 : 0))
    damagedBytes += skipped
    at += skipped
  }
  // What does not begin as a log is none, unless it was never finished beginning.
  if (!header.equals(head) && !header.subarray(0, head.length).equals(head)) torn = false
  return { index, end: Math.max(size, header.length), live, damagedBytes, torn }
}

/** The operations of the batch that begins here, or undefined when none does, or not all of it is here. */
function payloadAt(bytes: Buffer): Buffer | undefined {
  if (bytes.length < frameBytes || !bytes.subarray(0, marker.length).equals(marker)) return undefined
  const length = bytes.readUInt32BE(marker.length)
  if (length > payloadBytesMax || bytes.length < frameBytes + length) return undefined
  const payload = bytes.subarray(frameBytes, frameBytes + length)
  return crc32(payload) === bytes.readUInt32BE(marker.length + 4) ? payload : undefined
}

/** Answers by how much more is alive, or undefined for what no writer of ours wrote; then nothing was done. */
function applyBatch(index: Map<string, Place>, batch: Buffer, batchAt: number): number | undefined {
  const operations: (readonly [name: string, place: Place | undefined])[] = []
  for (let at = 0; at < batch.length;) {
    const kind = batch[at]
    const name = batch.toString('latin1', at + 1, at + 1 + nameBytes)
    at += 1 + nameBytes
    if (!namePattern.test(name)) return undefined
    if (kind === 2) {
      operations.push([name, undefined])
      continue
    }
    if (kind !== 1 || at + 2 > batch.length) return undefined
    const length = batch.readUInt16BE(at)
    at += 2
    if (at + length > batch.length) return undefined
    operations.push([name, { at: batchAt + at, length }])
    at += length
  }
  let gained = 0
  for (const [name, place] of operations) {
    const before = index.get(name)
    if (before !== undefined) gained -= before.length + nameBytes
    if (place === undefined) index.delete(name)
    else {
      gained += place.length + nameBytes
      index.set(name, place)
    }
  }
  return gained
}

/** Puts first, in as few batches as hold them. */
function* batchesOf(puts: readonly KeptRecord[], drops: readonly string[]): Generator<Buffer> {
  let parts: Buffer[] = []
  let bytes = 0
  const all = function* (): Generator<Buffer> {
    for (const { name, bytes: each } of puts) {
      if (each.length > 0xffff) throw new RangeError(`a record of ${each.length} bytes`)
      const head = Buffer.alloc(1 + nameBytes + 2)
      head[0] = 1
      head.write(name, 1, 'latin1')
      head.writeUInt16BE(each.length, 1 + nameBytes)
      yield Buffer.concat([head, each])
    }
    for (const name of drops) yield Buffer.from(`\u0002${name}`, 'latin1')
  }
  for (const each of all()) {
    parts.push(each)
    bytes += each.length
    if (bytes < batchBytesMax) continue
    yield Buffer.concat(parts)
    parts = []
    bytes = 0
  }
  if (parts.length > 0) yield Buffer.concat(parts)
}

function framed(batch: Buffer): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt32BE(batch.length, 0)
  head.writeUInt32BE(crc32(batch), 4)
  return Buffer.concat([marker, head, batch])
}

async function openFile(path: string): Promise<FileHandle> {
  // `r+` keeps what is there, and `w+` would make it empty.
  try {
    return await open(path, 'r+')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  const file = await open(path, 'w+')
  await syncDirectory(path)
  return file
}

/**
 * One process at a time: it has a file of its own beside the log, by whose name one knows its number, and nobody
 * else's. Of two that come at once, each makes its file before it looks for others, so at least one sees the other.
 * A file of a process that is gone is nobody's, and no process but its own could ever need it, so whoever comes next
 * takes it away. One file for all, to be taken over when its process is gone, would be taken over twice: by whoever
 * looked at it before the first one did.
 */
async function lock(path: string): Promise<string> {
  const busy = new ShoalError('ERR_STORAGE_BUSY', `${errorCodes.ERR_STORAGE_BUSY} The file is ${path}.`)
  if (ours.has(path)) throw busy
  ours.add(path)
  try {
    for (let tries = 1; ; tries += 1) {
      const own = `${path}.${process.pid}-${randomBytes(4).toString('hex')}.lock`
      await (await open(own, 'wx')).close()
      try {
        const others = (await locksOf(path)).filter((each) => each !== own)
        if (!others.some(isHeld)) {
          for (const dead of others) await rm(dead, { force: true })
          return own
        }
      } catch (error) {
        await rm(own, { force: true })
        throw error
      }
      await rm(own, { force: true })
      if (tries === lockTriesMax) throw busy
      // Two that saw each other both have to give way, and one of them comes back first.
      await setTimeout(randomInt(lockPauseMsMax))
    }
  } catch (error) {
    ours.delete(path)
    throw error
  }
}

async function unlock(path: string, own: string): Promise<void> {
  await rm(own, { force: true })
  ours.delete(path)
}

const lockPattern = /\.(\d+)-[0-9a-f]{8}\.lock$/

async function locksOf(path: string): Promise<string[]> {
  const begin = `${basename(path)}.`
  const names = await readdir(dirname(path))
  return names
    .filter((name) => name.startsWith(begin) && lockPattern.test(name))
    .map((name) => join(dirname(path), name))
}

function isHeld(lockPath: string): boolean {
  const holder = Number(lockPattern.exec(lockPath)?.[1])
  // In a container that was restarted we may have the number of who was there before.
  return holder !== process.pid && isRunning(holder)
}

function isRunning(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** A new name is on the disk only when its directory is. */
async function syncDirectory(path: string): Promise<void> {
  // Windows has no such thing, and needs none.
  if (process.platform === 'win32') return
  const directory = await open(dirname(path), 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}

async function readAt(file: FileHandle, at: number, length: number): Promise<Buffer<ArrayBuffer>> {
  const bytes = Buffer.alloc(length)
  for (let done = 0; done < length;) {
    const { bytesRead } = await file.read(bytes, done, length - done, at + done)
    if (bytesRead === 0) throw new Error(`the file ends at ${at + done}`)
    done += bytesRead
  }
  return bytes
}

async function writeAt(file: FileHandle, bytes: Buffer, at: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, at + done)
    done += bytesWritten
  }
}
