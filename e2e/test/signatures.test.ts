/**
 * One acceptance rule in every engine: all published edge cases, judged by each engine itself and by the script in it.
 * One signature that two engines judge differently would split the state of a mesh for ever.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { verifyStrict } from '../../lib/dist/identity/ed25519.js'
import { nativeVerifier } from '../../lib/dist/identity/index.js'
import { cctv, publishedSignatures, speccheck, wycheproof } from '../../lib/test/vectors/published.ts'
import type { Judgement } from '../pages/signatures.ts'
import { browserNames, launch } from '../src/browsers.ts'
import { type Pages, servePages } from '../src/pages.ts'

const published = publishedSignatures()

let pages: Pages
beforeAll(async () => void (pages = await servePages()))
afterAll(() => pages?.close())

async function judgedHere(): Promise<Judgement> {
  const verifier = nativeVerifier(crypto.subtle)
  const engine = await Promise.all(
    published.map(
      ({ publicKey, message, signature }) =>
        new Promise<boolean>((resolve) => verifier.verify(publicKey, message, signature, resolve)),
    ),
  )
  const script = published.map(({ publicKey, message, signature }) => verifyStrict(publicKey, message, signature))
  return { engine, script, native: true }
}

async function judgedIn(name: (typeof browserNames)[number]): Promise<Judgement> {
  const browser = await launch[name]()
  try {
    const page = await browser.newPage()
    await page.goto(`${pages.origin}signatures.html`)
    await page.waitForFunction(() => 'judge' in window)
    const asked = published.map(({ publicKey, message, signature }) => ({
      publicKey: [...publicKey],
      message: [...message],
      signature: [...signature],
    }))
    return await page.evaluate((given) => window.judge(given), asked)
  } finally {
    await browser.close()
  }
}

test('Node, Chromium and Firefox, each by itself and by script, judge every published signature alike', async () => {
  expect([speccheck().length, cctv().length, wycheproof().length]).toEqual([12, 914, 151])
  const here = await judgedHere()
  const judgements: Record<string, readonly boolean[]> = { 'Node, by script': here.script, 'Node, itself': here.engine }
  for (const name of browserNames) {
    const { engine, script, native } = await judgedIn(name)
    expect([name, native]).toEqual([name, true])
    Object.assign(judgements, { [`${name}, by script`]: script, [`${name}, itself`]: engine })
  }
  const disagreements = published.flatMap(({ name }, at) => {
    const says = Object.entries(judgements).map(([who, judged]) => `${who}: ${judged[at]}`)
    return new Set(Object.values(judgements).map((judged) => judged[at])).size === 1
      ? []
      : [`${name}: ${says.join(', ')}`]
  })
  for (const [who, judged] of Object.entries(judgements))
    console.log(`${who.padEnd(22)} accepts ${judged.filter(Boolean).length} of ${judged.length}`)
  console.log(`${disagreements.length} disagreements`)
  expect(disagreements).toEqual([])
  // Wycheproof's own verdict, and the one case of the twelve that all must accept.
  const valid = published.map(({ valid }) => valid)
  expect(here.script.filter((_, at) => valid[at] !== undefined)).toEqual(valid.filter((said) => said !== undefined))
  expect(here.script.slice(0, 12)).toEqual(Array.from({ length: 12 }, (_, at) => at === 3))
})
