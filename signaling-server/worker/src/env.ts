/** What Cloudflare hands to the Worker: the binding of the rooms, and settings by the names they have everywhere. */
import { readSettings, type Settings } from '../../src/options.ts'

export interface Env {
  readonly ROOMS: DurableObjectNamespace
  readonly [variable: `SHOAL_${string}`]: string | undefined
}

const known = new WeakMap<object, Settings>()

/** The settings, read once for each environment. Throws an `OptionError`, which shows in the Worker's log. */
export function settingsOf(env: Env): Settings {
  const read = known.get(env)
  if (read !== undefined) return read
  const texts = Object.entries(env).filter((entry): entry is [string, string] => typeof entry[1] === 'string')
  const settings = readSettings({}, Object.fromEntries(texts))
  known.set(env, settings)
  return settings
}
