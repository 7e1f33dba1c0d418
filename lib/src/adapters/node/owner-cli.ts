/** The process around `shoal-owner`. */
import { openHost } from '../../mesh/platform.ts'
import { runOwner } from './owner.ts'

const host = openHost()
process.exitCode = await runOwner(process.argv.slice(2), {
  write: (text) => process.stdout.write(text),
  complain: (text) => process.stderr.write(`${text}\n`),
  now: () => host.wall(),
})
host.close()
