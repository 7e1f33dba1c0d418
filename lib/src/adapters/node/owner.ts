/**
 * `shoal-owner`: the owner of a room at a terminal. Makes keys, signs capabilities, signs lists of what is taken back, and
 * shows what such texts say. It needs no network: what it writes is handed over by whatever means there are. Whatever
 * belongs to the process is handed in, but for files.
 */
import { Command, CommanderError } from 'commander'
import {
  issueCapability,
  makeOwnerKey,
  readCapability,
  readRevocations,
  revokeCapabilities,
  type Right,
} from '../../mesh/capabilities.ts'
import { ShoalError } from '../../mesh/errors.ts'
import { type PeerId } from '../../mesh/platform.ts'
import { FileError, readKey, readText, writeKey, writeText } from './key-file.ts'

export interface OwnerConsole {
  write(text: string): void
  /** What went wrong, for people. */
  complain(text: string): void
  /** Milliseconds since 1970. */
  now(): number
}

/** sysexits.h. */
export const ownerExitCodes = { ok: 0, usage: 64, file: 66 } as const

const helpColumns = 80

interface Term {
  readonly room: string
  readonly key: string
  readonly for: number
  readonly out?: string
}
interface Grant extends Term {
  readonly to: PeerId
  readonly rights: readonly Right[]
  readonly from?: number
  readonly renews?: string
}
interface TakeBack extends Term {
  readonly list: string
  readonly capability?: readonly string[]
  readonly serial?: readonly string[]
  readonly member?: readonly PeerId[]
  readonly before?: number
}

/** Answers the exit code; never rejects for what a person can mend. */
export async function runOwner(args: readonly string[], console: OwnerConsole): Promise<number> {
  try {
    await commandLine(console).parseAsync(args, { from: 'user' })
    return ownerExitCodes.ok
  } catch (error) {
    // commander has said what was wrong, or shown the help.
    if (error instanceof CommanderError) return error.exitCode === 0 ? ownerExitCodes.ok : ownerExitCodes.usage
    if (!(error instanceof ShoalError) && !(error instanceof FileError)) throw error
    console.complain(error.message)
    return error instanceof FileError ? ownerExitCodes.file : ownerExitCodes.usage
  }
}

function commandLine(console: OwnerConsole): Command {
  const program = quiet(new Command('shoal-owner'), console)
    .description('Lets people into a room that belongs to a key, and takes that back.')
    .addHelpText(
      'after',
      '\nEnds with 0, with 64 for wrong usage, with 66 for a file that cannot be used.\n\n' +
        '  shoal-owner key owner.json\n' +
        '  shoal-owner issue --key owner.json --room lobby --to <id> --for 8h\n' +
        '  shoal-owner revoke --key owner.json --room lobby --list list.txt \\\n' +
        '    --member <id>',
    )
  const command = (words: string, description: string) =>
    quiet(program.command(words), console).description(description)

  command('key <file>', 'makes a key and writes it to a new file that only you can read').action(
    async (file: string) => {
      const { owner, secret } = await makeOwnerKey()
      await writeKey(file, { id: owner, secret })
      console.write(`${owner}\n`)
    },
  )
  grant(command('issue', 'signs a capability with the key of the owner'))
    .option('--renews <file>', 'the capability that it follows on: the member stays where it is')
    .action(async (given: Grant) => {
      const { id: owner, secret } = await readKey(given.key)
      const renews = given.renews === undefined ? {} : { renews: await readText(given.renews) }
      await hand(console, given.out, await issueCapability({ owner, secret, ...wishOf(given, console), ...renews }))
    })
  grant(command('delegate', 'signs one with the key of a member that may admit others'))
    .requiredOption('--under <file>', 'the capability of that member')
    .action(async (given: Grant & { under: string }) => {
      const { secret } = await readKey(given.key)
      const under = await readText(given.under)
      const [{ issuer: owner }] = readCapability(under) as unknown as [{ issuer: PeerId }]
      await hand(console, given.out, await issueCapability({ owner, secret, under, ...wishOf(given, console) }))
    })
  term(command('revoke', 'adds to the list of what is taken back, and signs it'), '1h')
    .requiredOption('--list <file>', 'the last list; begun when it is not there, else replaced')
    .option('--capability <file...>', 'files of capabilities that count for nothing any more')
    .option('--serial <serial...>', 'the same, by serial, as "show" tells it')
    .option('--member <id...>', 'ids that nothing lets in any more')
    .option('--before <moment>', 'everything that holds from before, e.g. 2030-01-31T12:00Z', moment)
    .action((given: TakeBack) => revoke(given, console))
  command('show <file>', 'what a capability or a list says').action(async (file: string) => {
    console.write(`${shown(await readText(file)).join('\n')}\n`)
  })
  return program
}

/** What every way of signing needs. */
function term(command: Command, usual: string): Command {
  return command
    .requiredOption('--key <file>', 'the key, as "key" writes it')
    .requiredOption('--room <room>', 'the name of the room')
    .option('--for <time>', 'how long it holds, e.g. 90s, 30m, 8h; at most 24h', span, span(usual))
}

function grant(command: Command): Command {
  return term(command, '8h')
    .requiredOption('--to <id>', 'who is let in: 43 characters')
    .option('--rights <list>', 'any of join, write-shared, relay, admit', rights, rights('join,write-shared,relay'))
    .option('--from <moment>', 'from when on, e.g. 2030-01-31T12:00Z; usually now', moment)
    .option('--out <file>', 'where it is written; usually it is printed')
}

function wishOf({ room, to, rights, from, for: ms }: Grant, console: OwnerConsole) {
  const start = from ?? console.now()
  return { room, to, rights, from: start, until: start + ms }
}

async function hand(console: OwnerConsole, out: string | undefined, text: string): Promise<void> {
  if (out === undefined) return console.write(`${text}\n`)
  await writeText(out, text)
  console.write(`${shown(text).join('\n')}\n`)
}

async function revoke(given: TakeBack, console: OwnerConsole): Promise<void> {
  const { secret } = await readKey(given.key)
  const list = await readText(given.list).catch((error: unknown) => {
    if (error instanceof FileError && error.message.startsWith('There is no file')) return undefined
    throw error
  })
  const from = console.now()
  const files = await Promise.all((given.capability ?? []).map(readText))
  const next = await revokeCapabilities({
    secret,
    room: given.room,
    from,
    until: from + given.for,
    capabilities: [...files, ...(given.serial ?? [])],
    members: given.member ?? [],
    ...(list === undefined ? {} : { list }),
    ...(given.before === undefined ? {} : { before: given.before }),
  })
  await writeText(given.list, next)
  console.write(`${shown(next).join('\n')}\n`)
}

function shown(text: string): string[] {
  try {
    return readCapability(text).flatMap(({ issuer, to, rights, from, until, serial }) => [
      'capability',
      `  signed by  ${issuer}`,
      `  for        ${to}`,
      `  rights     ${rights.join(', ')}`,
      `  holds      ${iso(from)} to ${iso(until)}`,
      `  serial     ${serial}`,
    ])
  } catch (error) {
    if (!(error instanceof ShoalError)) throw error
  }
  try {
    const { owner, seq, from, until, before, capabilities, members } = readRevocations(text)
    return [
      `list ${seq}`,
      `  signed by  ${owner}`,
      `  holds      ${iso(from)} to ${iso(until)}`,
      ...(before === 0 ? [] : [`  before     ${iso(before)}`]),
      ...capabilities.map(({ serial, since }) => `  serial     ${serial} since ${iso(since)}`),
      ...members.map(({ id, since }) => `  member     ${id}\n               since ${iso(since)}`),
    ]
  } catch (error) {
    if (!(error instanceof ShoalError)) throw error
    throw new FileError('This is neither a capability nor a list, as "issue" and "revoke" write them.')
  }
}

const iso = (ms: number) => new Date(ms).toISOString()

function quiet(command: Command, console: OwnerConsole): Command {
  return command
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => console.write(text),
      writeErr: (text) => console.complain(text.trimEnd()),
      getOutHelpWidth: () => helpColumns,
      getErrHelpWidth: () => helpColumns,
    })
}

const units = { s: 1_000, m: 60_000, h: 3_600_000 } as const

function span(text: string): number {
  const [, count, unit] = /^(\d{1,6})([smh])$/.exec(text) ?? []
  const ms = Number(count) * units[unit as keyof typeof units]
  if (ms > 0 && ms <= 24 * units.h) return ms
  throw new ShoalError(
    'ERR_OPTION_INVALID',
    `A time is like 90s, 30m or 8h, at most 24h; this is ${JSON.stringify(text)}.`,
  )
}

function moment(text: string): number {
  const ms = Date.parse(text)
  if (!Number.isNaN(ms)) return ms
  throw new ShoalError('ERR_OPTION_INVALID', `A moment is like 2030-01-31T12:00Z; this is ${JSON.stringify(text)}.`)
}

/** Which there are is said by whoever signs. */
function rights(text: string): readonly Right[] {
  return text.split(',').map((each) => each.trim()) as Right[]
}
