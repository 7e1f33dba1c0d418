import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readCapability, readRevocations } from '../../mesh/capabilities.ts'
import { ownerExitCodes, runOwner } from './owner.ts'

const now = 1_800_000_000_000
const hour = 3_600_000
let folder = ''
const at = (name: string) => join(folder, name)

beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'shoal-owner-'))))
afterEach(() => rm(folder, { recursive: true }))

async function run(...args: readonly string[]) {
  let [said, complaints] = ['', '']
  const code = await runOwner(args, {
    write: (text) => void (said += text),
    complain: (text) => void (complaints += `${text}\n`),
    now: () => now,
  })
  return { code, said: said.trim(), complaints: complaints.trim() }
}
const lobby = () => ['--key', at('owner.json'), '--room', 'lobby']

async function owner() {
  const id = (await run('key', at('owner.json'))).said
  const ada = (await run('key', at('ada.json'))).said
  return { id, ada }
}

describe('shoal-owner', () => {
  it('makes a key that only its owner can read, and never writes over one', async () => {
    const { id } = await owner()
    expect(id).toMatch(/^[\w-]{43}$/)
    expect((await stat(at('owner.json'))).mode & 0o777).toBe(0o600)
    const before = await readFile(at('owner.json'), 'utf8')
    const again = await run('key', at('owner.json'))
    expect(again).toEqual({
      code: ownerExitCodes.file,
      said: '',
      complaints: `${at('owner.json')} is there already; a key is never written over.`,
    })
    expect(await readFile(at('owner.json'), 'utf8')).toBe(before)
  })

  it('signs a capability, prints it or writes it, and shows what it says', async () => {
    const { id, ada } = await owner()
    const printed = await run('issue', ...lobby(), '--to', ada, '--for', '30m')
    expect(readCapability(printed.said)).toEqual([
      expect.objectContaining({ issuer: id, to: ada, from: now, until: now + hour / 2 }),
    ])
    const out = at('ada.cap')
    const written = await run('issue', ...lobby(), '--to', ada, '--out', out, '--from', '2027-01-15T09:00:00Z')
    expect(written.said).toBe((await run('show', out)).said)
    expect(written.said).toContain('holds      2027-01-15T09:00:00.000Z to 2027-01-15T17:00:00.000Z')
    const seed = (text: string) => Buffer.from(text, 'base64url').subarray(66, 82).toString('hex')
    const renewed = await run('issue', ...lobby(), '--to', ada, '--renews', out)
    expect(seed(renewed.said)).toBe(seed(await readFile(out, 'utf8')))
  })

  it('delegates with the key of a member that may admit others', async () => {
    const { id, ada } = await owner()
    await run('issue', ...lobby(), '--to', ada, '--rights', 'join, admit', '--out', at('ada.cap'))
    const bob = (await run('key', at('bob.json'))).said
    const under = ['--under', at('ada.cap'), '--room', 'lobby', '--to', bob]
    const given = await run('delegate', '--key', at('ada.json'), ...under, '--rights', 'join', '--for', '1h')
    expect(readCapability(given.said).map(({ issuer, to }) => [issuer, to])).toEqual([
      [id, ada],
      [ada, bob],
    ])
    const more = await run('delegate', '--key', at('ada.json'), ...under, '--rights', 'join,write-shared')
    expect(more.code).toBe(ownerExitCodes.usage)
    expect(more.complaints).toContain('no other rights')
    expect((await run('delegate', '--key', at('bob.json'), ...under)).code).toBe(ownerExitCodes.usage)
  })

  it('adds to a list, and signs it under the next number', async () => {
    const { ada } = await owner()
    await run('issue', ...lobby(), '--to', ada, '--out', at('ada.cap'))
    const serial = readCapability((await readFile(at('ada.cap'), 'utf8')).trim())[0]!.serial
    const list = ['--list', at('list.txt')]
    const first = await run('revoke', ...lobby(), ...list, '--capability', at('ada.cap'))
    expect(first.said).toContain('list 1')
    const second = await run('revoke', ...lobby(), ...list, '--member', ada, '--before', '2027-01-15T07:00Z')
    expect(second.said).toContain(`serial     ${serial} since 2027-01-15T08:00:00.000Z`)
    expect(second.said).toBe((await run('show', at('list.txt'))).said)
    const third = await run('revoke', ...lobby(), ...list, '--serial', Buffer.alloc(16, 1).toString('base64url'))
    expect(third.code).toBe(ownerExitCodes.ok)
    expect(readRevocations((await readFile(at('list.txt'), 'utf8')).trim())).toMatchObject({
      seq: 3,
      until: now + hour,
      before: now - hour,
      capabilities: [{ serial }, {}],
      members: [{ id: ada, since: now }],
    })
  })

  it('says what is allowed', async () => {
    const { ada } = await owner()
    for (const [words, says] of [
      [['--to', ada, '--for', '25h'], 'A time is like 90s, 30m or 8h, at most 24h'],
      [['--to', ada, '--for', 'ever'], 'A time is like 90s'],
      [['--to', ada, '--from', 'soon'], 'A moment is like 2030-01-31T12:00Z'],
      [['--to', ada, '--rights', 'join,fly'], 'There are the rights join, '],
      [['--to', ada, '--rights', 'admit'], 'A capability includes join'],
      [['--to', 'ada'], '43 characters'],
    ] as const) {
      const { code, complaints } = await run('issue', ...lobby(), ...words)
      expect([code, complaints]).toEqual([ownerExitCodes.usage, expect.stringContaining(says)])
    }
    expect((await run('issue', ...lobby())).complaints).toContain("required option '--to <id>' not specified")
    expect((await run('fly')).complaints).toContain("unknown command 'fly'")
  })

  it('uses no key that others can read, nor what is none', async () => {
    const { ada } = await owner()
    await chmod(at('owner.json'), 0o640)
    expect((await run('issue', ...lobby(), '--to', ada)).complaints).toBe(
      `${at('owner.json')} can be read by others. Say: chmod 600 ${at('owner.json')}`,
    )
    for (const text of [
      '',
      '{}',
      'null',
      JSON.stringify({ id: ada, secret: Buffer.alloc(32).toString('base64url') }),
    ]) {
      await writeFile(at('none.json'), text, { mode: 0o600 })
      const { code, complaints } = await run('issue', '--key', at('none.json'), '--room', 'lobby', '--to', ada)
      expect([code, complaints]).toEqual([ownerExitCodes.file, expect.stringContaining('is no key')])
    }
    expect(await run('show', at('nowhere'))).toMatchObject({
      code: 66,
      complaints: `There is no file ${at('nowhere')}.`,
    })
    await writeFile(at('none.txt'), 'none')
    expect((await run('show', at('none.txt'))).complaints).toContain('neither a capability nor a list')
  })

  it('explains itself in 80 columns', async () => {
    for (const command of [[], ['key'], ['issue'], ['delegate'], ['revoke'], ['show']]) {
      const { code, said } = await run(...command, '--help')
      expect(code).toBe(ownerExitCodes.ok)
      expect(said).toContain('Usage: shoal-owner')
      expect(said.split('\n').filter((line) => line.length > 80)).toEqual([])
    }
  })
})
