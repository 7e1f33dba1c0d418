/**
 * `shoal-peer`: a member of a mesh that lives in a terminal. It prints what happens, says what is typed,
 * and leaves properly. Whatever belongs to the process is handed in, so that a test can be the process.
 */
import { Command, CommanderError } from 'commander'
import { readCapability } from '../../mesh/capabilities.ts'
import { type ErrorCode, ShoalError } from '../../mesh/errors.ts'
import type { IceServer, JoinOptions } from '../../mesh/join-options.ts'
import type { Mesh, MeshEventMap } from '../../mesh/mesh.ts'
import type { PeerId } from '../../mesh/platform.ts'
import { FileError, readKey, readText } from './key-file.ts'
import { nameOf, type Screen, Terminal } from './terminal.ts'

export interface Console {
  readonly screen: Screen
  /** What went wrong, for people. */
  complain(text: string): void
  /** Lines that are typed; ends with the input. */
  readonly lines: AsyncIterable<string>
  /** Aborted by Ctrl-C or a termination signal. */
  readonly stop: AbortSignal
  readonly join: (room: string, options: JoinOptions) => Promise<Mesh>
}

/** sysexits.h, as shells and supervisors know them. */
export const exitCodes = { ok: 0, usage: 64, noInput: 66, unavailable: 69, software: 70 } as const

interface Flags {
  readonly room: string
  readonly signaling: string[]
  readonly name?: string
  readonly zone?: string
  readonly ice?: string[]
  readonly token?: string
  readonly identity?: string
  readonly capability?: string
  readonly owner?: PeerId
  readonly revocations?: string
  readonly failClosed?: true
  readonly leaveOnEof?: true
  readonly quiet?: true
}

/** Runs until the peer has left. Answers the exit code; never rejects. */
export async function runPeer(args: readonly string[], console: Console): Promise<number> {
  let flags: Flags | undefined
  const command = commandLine(console).action((given: Flags) => {
    flags = given
  })
  try {
    await command.parseAsync(args, { from: 'user' })
  } catch (error) {
    // commander has said what was wrong, or shown the help.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
    throw error
  }
  return flags ? live(flags, console) : exitCodes.usage
}

function commandLine(console: Console): Command {
  return new Command('shoal-peer')
    .description('Joins a Shoal mesh from a terminal: prints who comes and goes, and broadcasts what you type.')
    .requiredOption('--room <room>', 'the room to join, 1 to 64 bytes')
    .requiredOption('--signaling <url...>', 'one or more signaling servers, ws:// or wss://')
    .option('--name <name>', 'what others call you')
    .option('--zone <zone>', 'where you are, for example a region or a rack')
    .option('--ice <url...>', 'STUN servers, for example stun:stun.example.org:3478')
    .option('--token <token>', 'what the signaling server asks for, if it does')
    .option('--identity <file>', 'your own key, as "shoal-owner key" makes it; without it you are somebody new')
    .option('--capability <file>', 'what lets you into a room with an owner, as "shoal-owner issue" writes it')
    .option('--owner <id>', 'the owner of that room; without it, whoever signed the capability')
    .option('--revocations <file>', 'the newest list of the owner, as "shoal-owner revoke" writes it')
    .option('--fail-closed', 'end when the time of the newest list is over')
    .option('--leave-on-eof', 'leave when the input ends; without it only Ctrl-C does')
    .option('--quiet', 'print messages only')
    .addHelpText(
      'after',
      '\nEnds with 0 after leaving, 64 for wrong usage, 66 for a file that cannot be used, 69 when the mesh cannot be reached.',
    )
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => console.screen.write(text),
      writeErr: (text) => console.complain(text.trimEnd()),
    })
}

async function live(flags: Flags, console: Console): Promise<number> {
  let mesh: Mesh
  try {
    mesh = await console.join(flags.room, await joinOptions(flags, console.stop))
  } catch (error) {
    if (error instanceof FileError) {
      console.complain(error.message)
      return exitCodes.noInput
    }
    if (!(error instanceof ShoalError)) throw error
    if (error.code === 'ERR_ABORTED') return exitCodes.ok
    console.complain(`${error.message} (${error.code})`)
    return usageCodes.has(error.code) ? exitCodes.usage : exitCodes.unavailable
  }
  const ended = new Promise<string>((resolve) => mesh.addEventListener('closed', ({ detail }) => resolve(detail.code)))
  print(mesh, new Terminal(console.screen), flags.quiet === true)
  void say(mesh, console, flags.leaveOnEof === true)
  const code = await ended
  // It resolves when nothing is left open.
  await mesh.leave()
  if (code === 'ERR_CLOSED' || code === 'ERR_ABORTED') return exitCodes.ok
  console.complain(`The mesh has ended (${code}).`)
  return exitCodes.software
}

/** What was typed wrongly, as opposed to what is not there. */
const usageCodes: ReadonlySet<string> = new Set<ErrorCode>([
  'ERR_ROOM_INVALID',
  'ERR_SIGNALING_URL_INVALID',
  'ERR_METADATA_TOO_LARGE',
  'ERR_METADATA_INVALID',
  'ERR_ZONE_INVALID',
  'ERR_OPTION_INVALID',
  'ERR_CAPABILITY_INVALID',
  'ERR_CAPABILITY_EXPIRED',
  'ERR_CAPABILITY_REVOKED',
  'ERR_REVOCATIONS_INVALID',
  'ERR_REVOCATIONS_STALE',
])

async function joinOptions(flags: Flags, signal: AbortSignal): Promise<JoinOptions> {
  const { signaling, name, zone, ice, token, identity } = flags
  const iceServers: readonly IceServer[] = (ice ?? []).map((urls) => ({ urls }))
  return {
    signaling,
    signal,
    iceServers,
    metadata: { ...(name === undefined ? {} : { name }), kind: 'node' },
    ...(zone === undefined ? {} : { zone }),
    ...(token === undefined ? {} : { token }),
    ...(identity === undefined ? {} : { identity: (await readKey(identity)).signer }),
    ...(await admissionOf(flags)),
  }
}

async function admissionOf({
  capability: file,
  owner,
  revocations,
  failClosed,
}: Flags): Promise<Pick<JoinOptions, 'admission'>> {
  if (file === undefined) {
    if (owner === undefined && revocations === undefined && failClosed === undefined) return {}
    throw new ShoalError('ERR_OPTION_INVALID', 'A room with an owner needs --capability.')
  }
  const capability = await readText(file)
  const [first] = readCapability(capability)
  return {
    admission: {
      owner: owner ?? first!.issuer,
      capability,
      ...(revocations === undefined ? {} : { revocations: await readText(revocations) }),
      ...(failClosed === undefined ? {} : { whenStale: 'failClosed' }),
    },
  }
}

function print(mesh: Mesh, terminal: Terminal, quiet: boolean): void {
  const on = <K extends keyof MeshEventMap>(type: K, react: (detail: MeshEventMap[K]) => void, always = false) => {
    if (always || !quiet) mesh.addEventListener(type, ({ detail }) => react(detail))
  }
  on('member-joined', ({ member }) => terminal.line('good', 'joined', member.id, nameOf(member), member.zone))
  on('member-suspected', ({ member }) => terminal.line('doubt', 'suspected', member.id, nameOf(member), 'is silent'))
  on('member-recovered', ({ member }) => terminal.line('good', 'recovered', member.id, nameOf(member)))
  on('member-failed', ({ member }) => terminal.line('bad', 'failed', member.id, nameOf(member)))
  on('member-left', ({ member }) => terminal.line('gone', 'left', member.id, nameOf(member)))
  on('member-updated', ({ member }) => terminal.line('plain', 'updated', member.id, nameOf(member)))
  on('member-revoked', ({ member }) => terminal.line('bad', 'revoked', member.id, nameOf(member)))
  on('revocations-changed', ({ seq }) => terminal.line('plain', 'list', undefined, '', `revocations, number ${seq}`))
  on('revocations-stale', ({ seq }) =>
    terminal.line(
      'doubt',
      'list',
      undefined,
      '',
      `revocations, number ${seq}, are out of date: there may be newer ones`,
    ),
  )
  on('zone-unreachable', ({ zone }) => terminal.line('bad', 'unreachable', undefined, '', `zone ${zone}`))
  on('zone-recovered', ({ zone }) => terminal.line('good', 'reachable', undefined, '', `zone ${zone}`))
  on('isolated', () =>
    terminal.line('doubt', 'isolated', undefined, '', 'everybody fell silent at once: we are cut off'),
  )
  on('reconnected', () => terminal.line('good', 'reconnected', undefined, ''))
  on('claim-rejected', ({ from, code, count }) =>
    terminal.line('doubt', 'refused', from, '', count === 1 ? code : `${code}, ${count} times more`),
  )
  on('signaling-connected', ({ url }) => terminal.line('plain', 'signaling', undefined, '', `connected to ${url}`))
  on('signaling-lost', ({ url, code }) => terminal.line('doubt', 'signaling', undefined, '', `lost ${url} (${code})`))
  on('error', ({ error }) => terminal.line('bad', 'error', undefined, '', `${error.message} (${error.code})`), true)
  on(
    'message',
    ({ from, data, broadcast }) => {
      const text = typeof data === 'string' ? data : JSON.stringify(data, bytesAsLength)
      terminal.line('voice', broadcast ? 'says' : 'to you', from, nameOf(mesh.members.get(from)), text)
    },
    true,
  )
  if (quiet) return
  terminal.line('plain', 'here', mesh.id, nameOf(mesh.self), `in ${mesh.room}`)
  for (const member of mesh.members.values()) {
    if (!member.self && member.status === 'alive') terminal.line('good', 'here', member.id, nameOf(member), member.zone)
  }
}

function bytesAsLength(_key: string, value: unknown): unknown {
  return value instanceof Uint8Array ? `${value.length} bytes` : value
}

async function say(mesh: Mesh, console: Console, leaveOnEof: boolean): Promise<void> {
  for await (const line of console.lines) {
    if (line.trim() === '') continue
    if (mesh.stats().links.length === 0) console.complain('Nobody else is here to hear it.')
    try {
      await mesh.broadcast(line)
    } catch (error) {
      if (!(error instanceof ShoalError)) throw error
      if (error.code === 'ERR_CLOSED') return
      console.complain(`Not sent: ${error.message} (${error.code})`)
    }
  }
  if (leaveOnEof) await mesh.leave()
}
