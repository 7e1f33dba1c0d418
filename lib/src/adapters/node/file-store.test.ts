import { spawn } from 'node:child_process'
import { appendFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { fileStore, type FileStore } from './file-store.ts'

let directory: string
const troubles: string[] = []
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'shoal-file-'))
  troubles.length = 0
})
afterEach(() => rm(directory, { recursive: true }))

const open = () =>
  fileStore(directory)({ room: 'room', map: 'map', trouble: ({ code }) => troubles.push(code) }) as Promise<FileStore>
const nameOf = (n: number) => String(n).padStart(22, '0')
const record = (n: number, length = 3000) => ({ name: nameOf(n), bytes: new Uint8Array(length).fill(n) })
const file = async () =>
  join(
    directory,
    (await readdir(directory)).find((name) => name.endsWith('.shoal'))!,
  )

async function kept(): Promise<number[]> {
  const store = await open()
  const found: number[] = []
  for await (const part of store.read()) {
    for (const { name, bytes } of part) {
      const n = Number(name)
      expect(bytes.every((byte) => byte === (n & 255))).toBe(true)
      found.push(n)
    }
  }
  await store.close()
  return found.sort((a, b) => a - b)
}

async function write(...numbers: number[]): Promise<void> {
  const store = await open()
  for (const n of numbers) await store.write([record(n)], [])
  await store.close()
}

/** No process has a number this high. */
const gonePid = 2_147_483_646

async function builtIn(out: string): Promise<string> {
  const entry = fileURLToPath(new URL('file-store.ts', import.meta.url))
  await build({
    configFile: false,
    logLevel: 'error',
    build: { ssr: entry, outDir: out, emptyOutDir: true, rolldownOptions: { output: { entryFileNames: 'store.mjs' } } },
  })
  return join(out, 'store.mjs')
}

it('loses nothing but the torn end of a file, wherever it was torn, and says so', async () => {
  await write(1, 2, 3)
  const whole = await readFile(await file())
  const one = (whole.length - 16) / 3
  for (const cut of [1, 11, 12, 13, 100, one - 1]) {
    await writeFile(await file(), whole.subarray(0, 16 + 2 * one + cut))
    expect(await kept()).toEqual([1, 2])
    expect(troubles.splice(0)).toEqual(['ERR_STORAGE_DAMAGED'])
    // It was mended, and goes on from there.
    expect(await kept()).toEqual([1, 2])
    expect(troubles).toEqual([])
  }
  expect(await readdir(directory)).toHaveLength(1)
})

it('passes over what is damaged in the middle, and keeps the file as it was', async () => {
  await write(1, 2, 3)
  const whole = await readFile(await file())
  const damaged = Buffer.from(whole)
  damaged[Math.floor(whole.length / 2)]! ^= 1
  await writeFile(await file(), damaged)
  expect(await kept()).toEqual([1, 3])
  expect(troubles).toEqual(['ERR_STORAGE_DAMAGED'])
  expect(await readFile(`${await file()}.damaged`)).toEqual(damaged)
})

it('begins anew where the file is none of its own, and keeps that one', async () => {
  await write(1)
  const garbage = Buffer.from('no log at all, '.repeat(1_000_000))
  await writeFile(await file(), garbage)
  expect(await kept()).toEqual([])
  expect(troubles).toEqual(['ERR_STORAGE_DAMAGED'])
  expect((await readFile(`${await file()}.damaged`)).equals(garbage)).toBe(true)
  await write(2)
  expect(await kept()).toEqual([2])
})

it('takes a file that was only just begun for an empty one', async () => {
  await write(1)
  await writeFile(await file(), 'shoal-en')
  expect(await kept()).toEqual([])
  await write(2)
  expect(await kept()).toEqual([2])
})

it('is not led astray by a record that looks like a log', async () => {
  await write(1)
  const inner = await readFile(await file())
  const store = await open()
  await store.write([{ name: nameOf(2), bytes: inner }], [nameOf(1)])
  await store.close()
  const found = await open()
  for await (const part of found.read()) expect(part.map(({ name }) => name)).toEqual([nameOf(2)])
  await found.close()
})

it('is written anew when most of it is dead', async () => {
  const store = await open()
  for (let n = 0; n < 200; n += 1) await store.write([record(n)], n > 0 ? [nameOf(n - 1)] : [])
  expect((await stat(await file())).size).toBeLessThan(80_000)
  await store.close()
  expect(await kept()).toEqual([199])
})

it('is open in one place at a time, and free again when a process that had it is gone', async () => {
  const store = await open()
  await expect(open()).rejects.toMatchObject({ code: 'ERR_STORAGE_BUSY' })
  await store.close()
  // The parent of this process runs, and a number this high is nobody's.
  const held = `${await file()}.${process.ppid}-00000000.lock`
  await writeFile(held, '')
  await expect(open()).rejects.toMatchObject({ code: 'ERR_STORAGE_BUSY' })
  await rm(held)
  // Of the one before us in a container, and of one that is gone.
  for (const pid of [process.pid, gonePid]) await writeFile(`${await file()}.${pid}-00000000.lock`, '')
  await (await open()).close()
  expect(await readdir(directory)).toHaveLength(1)
})

it('is open in one process at a time, however many come at once for what a dead one left behind', async () => {
  const [out, maps, count] = [join(directory, 'built'), 40, 4]
  const store = await builtIn(out)
  const own = directory
  directory = join(own, 'kept')
  const maker = fileStore(directory)
  for (let map = 0; map < maps; map += 1)
    await (await maker({ room: 'room', map: String(map), trouble: () => {} })).close()
  for (const name of await readdir(directory)) await writeFile(join(directory, `${name}.${gonePid}-00000000.lock`), '')
  const opener = fileURLToPath(new URL('../../../test/store/opener.mjs', import.meta.url))
  const children = Array.from({ length: count }, () =>
    spawn(process.execPath, [opener, store, directory, String(maps)], { stdio: ['pipe', 'pipe', 'inherit'] }),
  )
  const said = (child: (typeof children)[number], word: RegExp) =>
    new Promise<string>((resolve, reject) => {
      let text = ''
      child.once('close', () => reject(new Error('an opener ended')))
      child.stdout.on('data', (chunk: Buffer) => {
        text += chunk.toString()
        if (word.test(text)) resolve(text)
      })
    })
  await Promise.all(children.map((child) => said(child, /ready\n/)))
  const answers = children.map((child) => said(child, /got.*\n/))
  const begin = Date.now() + 100
  for (const child of children) child.stdin.write(String(begin))
  const got = (await Promise.all(answers)).flatMap((text) => text.match(/\d+/g) ?? [])
  for (const child of children) child.kill('SIGKILL')
  await Promise.all(children.map((child) => new Promise((resolve) => child.once('exit', resolve))))
  expect(new Set(got).size).toBe(got.length)
  // Who comes at once gives way to whoever comes back first, and seldom all for good.
  expect(got.length).toBeGreaterThan(maps / 2)
  directory = own
})

it('rejects what does not fit, and leaves nothing of it behind', async () => {
  await write(1)
  const store = await open()
  await expect(store.write([record(2, 0x1_0000)], [])).rejects.toThrow(RangeError)
  await store.close()
  expect(await kept()).toEqual([1])
  await appendFile(await file(), Buffer.alloc(0))
  expect(troubles).toEqual([])
})

it('has all that it said was stored, whenever its process is killed', async () => {
  const store = await builtIn(join(directory, 'built'))
  const writer = fileURLToPath(new URL('../../../test/store/writer.mjs', import.meta.url))
  const own = directory
  directory = join(own, 'kept')
  const dropped = (n: number, last: number) => n % 4 === 0 && n + 40 <= last
  let last = -1
  for (let kill = 0; kill < 40; kill += 1) {
    const child = spawn(process.execPath, [writer, store, directory, String(last + 1)])
    let said = ''
    child.stdout.on('data', (chunk: Buffer) => void (said += chunk.toString()))
    // At the first word it has begun; from then on any moment is as good as another.
    await new Promise((resolve) => child.stdout.once('data', resolve))
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 60))
    child.kill('SIGKILL')
    await new Promise((resolve) => child.once('close', resolve))
    const stored = [...said.matchAll(/stored (\d+)\n/g)].map(([, n]) => Number(n))
    const acknowledged = Math.max(last, ...stored)
    const found = new Set(await kept())
    for (let n = 0; n <= acknowledged; n += 1) {
      // What the next write would have dropped may be gone: that write was under way.
      if (dropped(n, acknowledged + 1)) continue
      if (!found.has(n)) throw new Error(`${n} of ${acknowledged} is lost after kill ${kill}`)
    }
    last = Math.max(acknowledged, ...found)
  }
  // Torn ends are what a kill may leave, and nothing worse.
  expect((await readdir(directory)).filter((name) => name.endsWith('.damaged'))).toEqual([])
  expect(last).toBeGreaterThan(40)
  directory = own
})
