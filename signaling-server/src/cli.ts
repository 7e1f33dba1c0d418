#!/usr/bin/env node
/** `shoal-signaling`: flags over environment variables over defaults, one server, a graceful end. */
import { readFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { Command, CommanderError, type Help, Option } from 'commander'
import { openLog } from './log.ts'
import { flagOf, OptionError, readSettings, settings, variableOf, type Setting } from './options.ts'
import { startSignalingServer } from './server.ts'
import { mintToken, tokenSecondsMax } from './tokens.ts'

/** BSD's sysexits: the command was used wrongly. */
const usageError = 64

const all = Object.entries(settings) as [string, Setting<unknown>][]

function describe(name: string, { kind, fallback, help, secret }: Setting<unknown>): string {
  const shown = Array.isArray(fallback) ? fallback.join(',') : String(fallback)
  const byFile = secret === true ? ` or ${variableOf(name)}_FILE` : ''
  return `${help} (${kind.allowed}; env ${variableOf(name)}${byFile}; default ${shown === '' ? 'none' : shown})`
}

/** Headings of `--help`, each by the first setting that stands below it. */
const headings: Readonly<Record<string, string>> = {
  port: 'Where it listens, and to whom:',
  tokenSecrets: 'Tokens and TURN:',
  redis: 'Several instances:',
  payloadBytesMax: 'Limits:',
  joinTimeoutMs: 'Times:',
  logLevel: 'Watching it, and ending it:',
}

/** A description in its own lines: beside so long a flag it would get half a terminal. */
function formatItem(term: string, _width: number, description: string, help: Help): string {
  if (description === '') return `  ${term}`
  const width = Math.min(100, help.helpWidth ?? 80)
  return `  ${term}\n${help.boxWrap(description, width - 8).replaceAll(/^/gm, '        ')}`
}

/** The environment, with every `…_FILE` of a secret read: how containers are handed secrets. */
function environment(): Record<string, string | undefined> {
  const read = all.flatMap(([name, { secret }]) => {
    const file = process.env[`${variableOf(name)}_FILE`]
    if (secret !== true || file === undefined) return []
    try {
      return [[variableOf(name), readFileSync(file, 'utf8').trim()]]
    } catch {
      throw new OptionError(`${variableOf(name)}_FILE must be a file that can be read`)
    }
  })
  return { ...process.env, ...(Object.fromEntries(read) as Record<string, string>) }
}

/**
 * The heap may be half as large again as what is in use, then it is collected. V8 would let it grow to three or
 * four times that, of which an attack that keeps much waiting makes full use. Measured with `bench -- abuse`: 139 to 160 MB
 * resident where it was 184, and no more processor time.
 */
const heapGrowingPercent = 50

async function serve(flags: Readonly<Record<string, string | true>>): Promise<void> {
  setFlagsFromString(`--heap-growing-percent=${heapGrowingPercent}`)
  const texts = Object.entries(flags).map(([name, value]) => [name, value === true ? 'true' : value])
  const read = readSettings(Object.fromEntries(texts) as Record<string, string>, environment())
  const log = openLog(read.logLevel)
  const starting = startSignalingServer({ ...read, log })
  let stopping = false
  const stop = (status: number): void => {
    // A second signal means "now".
    if (stopping) process.exit(status)
    stopping = true
    const closed = starting.then((server) => server.close())
    void closed.then(() => process.exit(status))
  }
  // Before it says that it listens: whoever reads that may tell it to end at once.
  process.on('SIGTERM', () => stop(0))
  process.on('SIGINT', () => stop(0))
  // A broken invariant: say so, send everybody away properly, and let the supervisor start a fresh one.
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'a broken invariant')
    stop(1)
  })
  const { url } = await starting
  if (process.stdout.isTTY) process.stdout.write(`Signaling server on ${url} (Ctrl-C ends it)\n`)
}

async function mint(flags: { secret?: string; seconds: string; room?: string; id?: string }): Promise<void> {
  const variable = variableOf('tokenSecrets')
  const secret = environment()[variable]?.split(',')[0]
  if (secret === undefined || secret.length < 32)
    throw new OptionError(`${variable} must be a secret of at least 32 characters`)
  const seconds = Number(flags.seconds)
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > tokenSecondsMax) {
    throw new OptionError(`--seconds must be a whole number from 1 to ${tokenSecondsMax}`)
  }
  const scope = {
    ...(flags.room !== undefined && { room: flags.room }),
    ...(flags.id !== undefined && { id: flags.id }),
  }
  process.stdout.write(`${await mintToken(secret, seconds, scope)}\n`)
}

function commands(): Command {
  const command = new Command('shoal-signaling')
    .description('Introduces strangers to a Shoal mesh. Flags win over environment variables.')
    .allowExcessArguments(false)
    .configureHelp({ formatItem })
    .exitOverride()
    .action(serve)
  let heading = 'Options:'
  for (const [name, setting] of all) {
    const { label } = setting.kind
    heading = headings[name] ?? heading
    const flags = `${flagOf(name)} ${label === '' ? '[true|false]' : `<${label}>`}`
    command.addOption(new Option(flags, describe(name, setting)).helpGroup(heading))
  }
  command
    .command('token')
    .description(`print a token, signed with the first secret of ${variableOf('tokenSecrets')}`)
    .option('--seconds <seconds>', 'how long it lives', '3600')
    .option('--room <room>', 'bind it to this room')
    .option('--id <id>', 'bind it to this id')
    .exitOverride()
    .action(mint)
  return command
}

try {
  await commands().parseAsync(process.argv)
} catch (error) {
  // commander has said what was wrong, or shown the help.
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : usageError)
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(error instanceof OptionError ? usageError : 1)
}
