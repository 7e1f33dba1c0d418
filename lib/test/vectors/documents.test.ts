import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ownedMeshIdOf, signCapability } from '../../src/identity/capability.ts'
import { claimTypes } from '../../src/identity/claim.ts'
import { seedSigner } from '../../src/identity/ed25519.ts'
import type { Signer } from '../../src/identity/keys.ts'
import type { WallMillis } from '../../src/identity/millis.ts'
import { nativeBudget, scriptBudget } from '../../src/pipeline/index.ts'
import { wireTypes } from '../../src/wire/claims.ts'
import { errors } from '../../src/wire/errors.ts'
import { frameKinds } from '../../src/wire/frames.ts'
import * as limits from '../../src/wire/limits.ts'

const page = (name: string) => readFileSync(new URL(`../../../docs/protocol/${name}.md`, import.meta.url), 'utf8')
/** The cells of each row of a page's tables, without backticks and commas in numbers. */
const rows = (name: string) =>
  page(name)
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) =>
          cell
            .trim()
            .replaceAll('`', '')
            .replaceAll(/(\d),(?=\d)/g, '$1'),
        ),
    )
const spelt = (ms: number) =>
  ms >= 3_600_000 ? `${ms / 3_600_000} hour` : ms >= 60_000 ? `${ms / 60_000} minute` : `${ms / 1_000} seconds`

describe('the pages on claims and frames', () => {
  it('list every code with its blame and its meaning', () => {
    const listed = rows('frames').filter(([code, blame]) => code?.startsWith('ERR_') && /^(yes|no)$/.test(blame ?? ''))
    expect(listed.map(([code, blame, says]) => [code, blame, says])).toEqual(
      Object.entries(errors).map(([code, { blame, says }]) => [code, blame ? 'yes' : 'no', says]),
    )
  })

  it('list every kind of frame with its number', () => {
    const listed = rows('frames').flatMap(([kind, name]) => (/^\d+$/.test(kind ?? '') ? [[name, Number(kind)]] : []))
    expect(Object.fromEntries(listed)).toEqual(frameKinds)
  })

  it('list every type of claim with its code and its limits', () => {
    const listed = rows('claims').filter(([code, name]) => /^\d+$/.test(code ?? '') && wireTypes.has(name ?? ''))
    expect(listed).toHaveLength(wireTypes.size)
    for (const [code, name, bytes, life] of listed) {
      const type = name as keyof typeof claimTypes
      expect([name, Number(code), Number.parseInt(bytes!)]).toEqual([
        name,
        claimTypes[type],
        limits.claimBytesMax[type],
      ])
      expect(life).toContain(spelt(limits.claimTtlMsMax[type]))
    }
  })

  it('show a capability, byte for byte', () => {
    let bytes: Uint8Array | Error = new Error('not signed at once')
    const [owner, member] = [1, 2].map((n) => seedSigner(new Uint8Array(32).fill(n))) as [Signer, Signer]
    const capability = {
      subject: member.peerId,
      rights: ['join', 'write-shared'],
      ringSeed: new Uint8Array(16).fill(7),
      notBefore: 1_800_000_000_000 as WallMillis,
      expiresAt: 1_800_003_600_000 as WallMillis,
      serial: new Uint8Array(16).fill(9),
    } as const
    signCapability(owner, ownedMeshIdOf(owner.peerId, 'lobby'), capability, (answer) => (bytes = answer))
    const shown = page('claims')
      .split('An example, in the room "lobby"')[1]!
      .split('```')[1]!
      .split('\n')
      .map((line) => /^[0-9a-f]+/.exec(line)?.[0] ?? '')
    expect(shown.join('')).toBe(Buffer.from(bytes as unknown as Uint8Array).toString('hex'))
  })

  it('state the limits and budgets that are kept', () => {
    const text = (page('frames') + page('claims')).replaceAll(/(\d),(?=\d{3})/g, '$1')
    for (const phrase of [
      `of 1 … ${limits.frameBytesMax} bytes`,
      `nested at most ${limits.depthMax} deep`,
      `at most ${limits.itemsMax}, keys of maps counted`,
      `at most ${limits.claimsPerFrameMax}, each a byte string`,
      `extra at most ${limits.extraBytesMax} bytes`,
      `path (1 … ${limits.hopsMax} ids`,
      `at most ${limits.revokedMax} lines of serial`,
      `at most ${limits.revokedMax} lines of id`,
      `payload at most ${limits.payloadBytesMax} bytes`,
      `at most ${limits.routedPayloadBytesMax} bytes`,
      `byte string of at most ${limits.metadataBytesMax} bytes: empty`,
      `byte string of at most ${limits.admissionBytesMax} bytes, empty for none`,
      `text, at most ${limits.nameBytesMax} bytes`,
      `| frames | ${nativeBudget.frames.perSecond} | ${nativeBudget.frames.burst} |`,
      `| bytes | ${nativeBudget.bytes.perSecond / 2 ** 20} MiB | ${nativeBudget.bytes.burst / 2 ** 20} MiB |`,
      ...(['claims', 'useless', 'news', 'unread'] as const).map((name) => {
        const spoken = {
          claims: 'claims',
          useless: 'useless claims',
          news: 'new broadcasts of one author',
          unread: 'new claims beyond those checks',
        }
        return `| ${spoken[name]} | ${nativeBudget[name].perSecond} | ${nativeBudget[name].burst} |`
      }),
      `by the engine | ${nativeBudget.verifications.perSecond} | ${nativeBudget.verifications.burst} |`,
      `by script | ${scriptBudget.verifications.perSecond} | ${scriptBudget.verifications.burst} |`,
      `${nativeBudget.backlogFrames}, or ${nativeBudget.backlogBytes / 2 ** 20} MiB`,
    ]) {
      expect(text).toContain(phrase)
    }
  })
})
