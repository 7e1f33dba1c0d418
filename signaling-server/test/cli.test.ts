/** The command, as an operator runs it: a process of its own, with flags, variables, files and signals. */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { flagOf, settings, variableOf, type Setting } from '../src/options.ts'
import { tokenFits } from '../src/tokens.ts'
import { bundle } from './bundle.ts'
import { Callers, newSigner, until } from './caller.ts'
import { freePort, RedisProcess } from './redis-process.ts'

let folder: string
let command: string
const running: ChildProcess[] = []
const callers = new Callers()

beforeAll(async () => {
  const source = new URL('../src/cli.ts', import.meta.url).pathname
  const code = await bundle(source, {
    external: [/^node:/, /^(commander|pino|prom-client|jose|ws|@redis\/client)$/],
    target: 'node',
  })
  // Beside the package's own modules, so that its dependencies are found.
  const cache = new URL('../node_modules/.cache/', import.meta.url).pathname
  await mkdir(cache, { recursive: true })
  folder = await mkdtemp(join(cache, 'cli-'))
  command = join(folder, 'cli.mjs')
  await writeFile(command, code)
}, 60_000)

afterEach(async () => {
  await callers.end()
  for (const child of running.splice(0)) child.kill('SIGKILL')
})

afterAll(() => rm(folder, { recursive: true }))

function run(args: readonly string[], environment: Record<string, string> = {}) {
  const child = spawn(process.execPath, [command, ...args], { env: { PATH: process.env['PATH'], ...environment } })
  running.push(child)
  const output = { text: '', errors: '', status: undefined as number | null | undefined }
  child.stdout.on('data', (chunk: Buffer) => (output.text += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output.errors += chunk.toString()))
  child.on('close', (status) => (output.status = status))
  return { child, output, ended: () => until('it to end', () => output.status !== undefined) }
}

async function serve(args: readonly string[] = [], environment: Record<string, string> = {}) {
  const port = await freePort()
  const started = run(['--port', String(port), '--host', '127.0.0.1', ...args], environment)
  await until(`it to listen (${started.output.errors})`, () => started.output.text.includes('"listening"'))
  return { ...started, url: `ws://127.0.0.1:${port}/`, port }
}

test('--help has every option with its flag, its variable, its default and what is allowed', async () => {
  const { output, ended } = run(['--help'])
  await ended()
  expect(output.status).toBe(0)
  const help = output.text.replace(/\s+/g, ' ')
  for (const [name, { kind, fallback }] of Object.entries(settings) as [string, Setting<unknown>][]) {
    expect(help).toContain(` ${flagOf(name)} `)
    expect(help).toContain(`env ${variableOf(name)}`)
    expect(help).toContain(kind.allowed)
    expect(help).toContain(`default ${String(fallback) === '' ? 'none' : String(fallback)})`)
  }
})

test.each([
  [['--port', '70000'], '--port must be a whole number from 0 to 65535'],
  [['--origins', 'example.org'], '--origins must be a comma-separated list of origins such as https://example.org'],
  [['--nonsense'], "unknown option '--nonsense'"],
  [['nonsense'], 'too many arguments'],
  [['token'], 'SHOAL_TOKEN_SECRETS must be a secret of at least 32 characters'],
])('%j ends with status 64 and says what is allowed', async (args, message) => {
  const { output, ended } = run(args)
  await ended()
  expect(output.status).toBe(64)
  expect(output.errors).toContain(message)
})

test('a port that is taken is said, and is not a wrong use', async () => {
  const { port } = await serve()
  const second = run(['--port', String(port), '--host', '127.0.0.1'])
  await second.ended()
  expect(second.output.status).toBe(1)
  expect(second.output.errors).toContain('EADDRINUSE')
})

test('a secret comes from a file, and the command that mints tokens uses it too', async () => {
  const file = join(folder, 'secret')
  const secret = 'f'.repeat(40)
  await writeFile(file, `${secret}\n`)
  const environment = { SHOAL_TOKEN_SECRETS_FILE: file }
  const { url } = await serve([], environment)
  const minted = run(['token', '--room', 'lobby', '--seconds', '60'], environment)
  await minted.ended()
  const token = minted.output.text.trim()
  expect(await tokenFits(token, [secret], 'lobby', 'x')).toBe(true)
  await callers.join(url, { token })
  const missing = run([], { SHOAL_TOKEN_SECRETS_FILE: join(folder, 'nothing') })
  await missing.ended()
  expect(missing.output.status).toBe(64)
  expect(missing.output.errors).toContain('SHOAL_TOKEN_SECRETS_FILE must be a file that can be read')
})

test('SIGTERM: everybody is told when to come back, and it ends with status 0', async () => {
  const { child, output, url, ended } = await serve()
  const a = await callers.join(url)
  child.kill('SIGTERM')
  expect(await a.next('bye')).toMatchObject({ code: 'ERR_SHUTDOWN' })
  expect(await a.closed()).toBe(1012)
  await ended()
  expect(output.status).toBe(0)
  const lines = output.text.trim().split('\n')
  for (const line of lines) expect(JSON.parse(line)).toMatchObject({ service: 'shoal-signaling' })
  expect(lines.at(-1)).toContain('"ended"')
})

test('a broken invariant: it is logged, everybody is told when to come back, and it ends with status 1', async () => {
  const file = join(folder, 'breaks.cjs')
  await writeFile(file, "process.on('SIGUSR2', () => { throw new Error('this cannot be') })")
  const { child, output, url, ended } = await serve([], { NODE_OPTIONS: `--require ${file}` })
  const a = await callers.join(url)
  child.kill('SIGUSR2')
  expect(await a.next('bye')).toMatchObject({ code: 'ERR_SHUTDOWN' })
  await ended()
  expect(output.status).toBe(1)
  expect(output.text).toContain('this cannot be')
})

test('whoever reads its lines may go, and still it ends when it is told to', async () => {
  const { child, output, ended } = await serve()
  child.stdout.destroy()
  child.kill('SIGTERM')
  await ended()
  expect(output.status).toBe(0)
})

test('an instance that is killed loses nobody for longer than it takes to dial another', async () => {
  const redis = await RedisProcess.start()
  try {
    const [one, two] = [await serve(['--redis', redis.url]), await serve(['--redis', redis.url])]
    const signer = await newSigner()
    const lost = await callers.join(one.url, { signer })
    const friend = await callers.join(two.url)
    expect(friend.sample).toEqual([signer.peerId])
    one.child.kill('SIGKILL')
    await lost.closed()
    // Nobody answers for it now, and its friend learns that as soon as Redis has seen the instance go.
    const say = () => friend.say({ t: 'signal', to: signer.peerId, data: 'AQ' })
    say()
    const again = setInterval(say, 250)
    await friend.next('absent')
    clearInterval(again)
    const back = await callers.join(two.url, { signer })
    expect(back.sample).toEqual([friend.id])
    friend.say({ t: 'signal', to: signer.peerId, data: 'Ag' })
    expect((await back.next('signal')).data).toBe('Ag')
  } finally {
    await redis.kill()
  }
}, 30_000)
