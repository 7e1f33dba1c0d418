/** More peers than anybody links to, with real links: see `e2e/src/ring-story.ts`. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ringStory } from '../src/ring-story.ts'
import { Sea } from '../src/sea.ts'

let sea: Sea
beforeAll(async () => void (sea = await Sea.open('chromium', 'firefox')))
afterAll(() => sea.close())

test('sixteen peers lose their server and two of them, and need nobody to mend what is left', async () => {
  sea.newRoom()
  const figures = await ringStory(sea, { nodes: 14, crashing: 2, tabs: ['chromium', 'firefox'] })

  console.log(figures)
  expect(figures.linksMax).toBeLessThanOrEqual(10)
  expect(figures.falseDeaths).toBe(0)
  expect(figures.linksOpened).toBeGreaterThan(0)
  expect(figures.framesToServer).toBe(0)
  expect(figures.messagesArrived).toBe(figures.messages)
  await sea.clear()
})
