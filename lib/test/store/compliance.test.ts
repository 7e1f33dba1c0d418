import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, it } from 'vitest'
import { fileStore } from '../../src/adapters/node/file-store.ts'
import { storeCases } from './compliance.ts'
import { MemoryDisk } from './memory-store.ts'

const directory = await mkdtemp(join(tmpdir(), 'shoal-store-'))
afterAll(() => rm(directory, { recursive: true }))

describe.each([
  ['in memory', new MemoryDisk().maker],
  ['in files', fileStore(directory)],
] as const)('a store %s', (_, make) => {
  it.each(storeCases)('$name', ({ run }) => run(make))
})
