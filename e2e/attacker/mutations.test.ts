import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { mutations } from './mutations.ts'

it.each(mutations)('the defence stands where its mutation looks for it: $defence', ({ edits }) => {
  for (const { file, text } of edits) {
    const path = file.startsWith('signaling-server/') ? file : `lib/src/${file}`
    const source = readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
    expect(source.split(text)).toHaveLength(2)
  }
})
