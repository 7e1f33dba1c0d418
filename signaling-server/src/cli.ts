#!/usr/bin/env node
/** `shoal-signaling`: flags over environment variables over defaults, one server, a graceful end. */
import { Command, CommanderError } from 'commander'
import { flagOf, OptionError, readSettings, settings, variableOf, type Setting } from './options.ts'
import { startSignalingServer } from './server.ts'

/** BSD's sysexits: the command was used wrongly. */
const usageError = 64

function describe(name: string, { kind, fallback, help, secret }: Setting<unknown>): string {
  const shown = Array.isArray(fallback) ? fallback.join(',') : String(fallback)
  const value = secret === true || shown === '' ? 'none' : shown
  return `${help} (${kind.allowed}; env ${variableOf(name)}; default ${value})`
}

function readFlags(argv: readonly string[]): Record<string, string | undefined> {
  const command = new Command('shoal-signaling')
    .description('Introduces strangers to a Shoal mesh. Flags win over environment variables.')
    .allowExcessArguments(false)
  for (const [name, setting] of Object.entries(settings) as [string, Setting<unknown>][]) {
    const { label } = setting.kind
    command.option(`${flagOf(name)} ${label === '' ? '[true|false]' : `<${label}>`}`, describe(name, setting))
  }
  command.exitOverride()
  command.parse([...argv], { from: 'user' })
  const given = command.opts<Record<string, string | true>>()
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, value === true ? 'true' : value]))
}

try {
  const server = await startSignalingServer(readSettings(readFlags(process.argv.slice(2)), process.env))
  process.stdout.write(`Signaling server on ${server.url}\n`)
  const stop = (): void => {
    void server.close().then(() => process.exit(0))
  }
  process.once('SIGTERM', stop)
  process.once('SIGINT', stop)
} catch (error) {
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : usageError)
  if (error instanceof OptionError) {
    process.stderr.write(`${error.message}\n`)
    process.exit(usageError)
  }
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
}
