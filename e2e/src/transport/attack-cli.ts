/** `npm run attack:signaling -- --attempts 1000 --pair chromium-firefox` */
import { parseArgs } from 'node:util'
import { attacks } from '../../../lib/test/transport/hostile-server.ts'
import { attackSignaling } from './attack.ts'
import { type EngineName, Laboratory, pairs } from './engines.ts'

/** Two Nodes too, which no test in browsers has. */
const known: readonly (readonly [EngineName, EngineName])[] = [...pairs, ['node', 'node']]

const usage = `A hostile signaling server attacks two peers that signal through it.

  npm run attack:signaling -- [--attempts 1000] [--pair ${known.map((pair) => pair.join('-')).join(' | ')} | all]

Prints how many attempts were made and how many ended in a link that was not one between the two,
end to end. Ends with 1 when there was any, or when an attempt was inconclusive.`

/** Answers the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      attempts: { type: 'string', default: '1000' },
      pair: { type: 'string', default: 'all' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const attempts = Number(values.attempts)
  const chosen = values.pair === 'all' ? known : known.filter((pair) => pair.join('-') === values.pair)
  if (values.help || chosen.length === 0 || !Number.isInteger(attempts) || attempts < 1) {
    console.log(usage)
    return values.help ? 0 : 1
  }
  // simple-peer warns of each candidate that the attacked connection could not use any more.
  console.warn = () => {}
  const laboratory = await Laboratory.open()
  let bad = 0
  try {
    console.log(`${attacks.length} kinds of attack, in turn`)
    console.log('pair                 attempts  undetected  inconclusive  seconds')
    for (const [one, other] of chosen) {
      const started = performance.now()
      const open = [() => laboratory.engine(one), () => laboratory.engine(other)] as const
      const tally = await attackSignaling(open, attempts)
      const seconds = ((performance.now() - started) / 1_000).toFixed(0)
      const cells = [tally.attempts, tally.undetected, tally.inconclusive, seconds].map(String)
      const widths = [8, 12, 14, 9]
      console.log(`${one}-${other}`.padEnd(21) + cells.map((cell, i) => cell.padStart(widths[i]!)).join(''))
      for (const problem of tally.problems) console.log(`  ${problem}`)
      for (const [code, count] of [...tally.stopped].sort((a, b) => b[1] - a[1])) {
        console.log(`  ${String(count).padStart(6)}  ${code}`)
      }
      bad += tally.undetected + tally.inconclusive
    }
  } finally {
    await laboratory.close()
  }
  return bad > 0 ? 1 : 0
}
