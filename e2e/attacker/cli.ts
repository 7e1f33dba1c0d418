/** `npm run attack:claims -- --claims 1000000 --seed 1`: lies by the million, and a table of what came of them. */
import { parseArgs } from 'node:util'
import { barrage } from './barrage.ts'
import { claimNames } from './claims.ts'
import { blamed, blameless } from './lies.ts'

/** Lies told in one world before the next one begins: its strangers are all remembered. Every second one has an owner. */
const worldMax = 50_000

/** Answers the exit code: 0 when nothing was believed and nobody honest was blamed. */
export function main(args: readonly string[]): number {
  const { values } = parseArgs({
    args: [...args],
    options: { claims: { type: 'string', default: '1000000' }, seed: { type: 'string', default: '1' } },
  })
  const wanted = Number(values.claims)
  if (!Number.isSafeInteger(wanted) || wanted < 1) throw new Error('--claims is a whole number above zero')
  const tried = new Map<string, number>()
  const refused = new Map<string, number>()
  const sums = { total: 0, volleys: 0, accepted: 0, consequences: 0, raises: 0, honestBlamed: 0, tolerated: 0 }
  for (let world = 0; sums.total < wanted; world++) {
    const tally = barrage(Math.min(worldMax, wanted - sums.total), `${values.seed}-${world}`, world % 2 === 1)
    for (const [key, count] of tally.tried) tried.set(key, (tried.get(key) ?? 0) + count)
    for (const [key, count] of tally.refused) refused.set(key, (refused.get(key) ?? 0) + count)
    sums.total += tally.total
    sums.volleys += tally.volleys
    sums.accepted += tally.accepted
    sums.consequences += tally.consequences.length
    for (const each of tally.consequences.slice(0, 5)) console.log(`seed ${values.seed}-${world}, ${each}`)
    sums.raises += tally.raises.size
    sums.honestBlamed += tally.honestBlamed
    sums.tolerated += tally.tolerated
  }
  const manners = [...blamed, ...blameless]
  console.table(
    Object.fromEntries(
      claimNames.map((type) => [
        type,
        Object.fromEntries(manners.map((manner) => [manner, tried.get(`${manner} ${type}`) ?? 0])),
      ]),
    ),
  )
  console.table(
    Object.fromEntries([...refused].sort(([, a], [, b]) => b - a).map(([code, refusals]) => [code, { refusals }])),
  )
  console.table({
    'claims tried': sums.total,
    'strangers, each thrown out': sums.volleys,
    'strangers still linked after three faults': sums.tolerated,
    'claims accepted': sums.accepted,
    'changes in any view or replica': sums.consequences,
    'incarnations raised, as is their right': sums.raises,
    'honest peers blamed': sums.honestBlamed,
  })
  return sums.accepted + sums.consequences + sums.honestBlamed + sums.tolerated === 0 ? 0 : 1
}
