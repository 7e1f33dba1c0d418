/** The process around `shoal-peer`: its streams, its signals, its end. */
import { createInterface } from 'node:readline'
import { openHost } from '../../mesh/platform.ts'
import { join } from './index.ts'
import { runPeer } from './peer.ts'

const { stdin, stdout, stderr } = process
const stop = new AbortController()
const host = openHost()
const onSignal = () => {
  // A second one means "now". 130 is what a shell calls it.
  if (stop.signal.aborted) process.exit(130)
  stop.abort()
}
process.on('SIGINT', onSignal)
process.on('SIGTERM', onSignal)

// Made when it is first read: an interface that exists before drops what is typed meanwhile, its end included.
const lines: AsyncIterable<string> = {
  [Symbol.asyncIterator]: () => createInterface({ input: stdin, terminal: false })[Symbol.asyncIterator](),
}
const code = await runPeer(process.argv.slice(2), {
  screen: { write: (text) => stdout.write(text), colours: stdout.isTTY && stdout.hasColors(), now: () => host.wall() },
  complain: (text) => stderr.write(`${text}\n`),
  lines,
  stop: stop.signal,
  join,
})
process.exit(code)
