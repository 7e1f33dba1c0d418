/**
 * `npm run bench:ring`: 64 Node peers, four Chromium tabs and two Firefox tabs in one mesh, which loses its signaling
 * server and then five of its members (`e2e/src/ring-story.ts`).
 */
import { afterAll, beforeAll, test } from 'vitest'
import { ringStory } from '../src/ring-story.ts'
import { Sea } from '../src/sea.ts'
import { Figures } from './figures.ts'

const figures = new Figures()
let sea: Sea
beforeAll(async () => void (sea = await Sea.open('chromium', 'firefox')))
afterAll(async () => {
  figures.print()
  await sea.close()
})

test('seventy peers, and five of them less', async () => {
  sea.newRoom()
  const tabs = ['chromium', 'chromium', 'chromium', 'chromium', 'firefox', 'firefox'] as const
  const told = await ringStory(sea, { nodes: 64, crashing: 5, tabs })
  figures.add('first join → the last of 70 full views', 'ms', [told.meetMs])
  figures.add('links at rest, at most', '', [told.linksMax], '10')
  figures.add('links at rest, mean', '', [told.linksMean])
  figures.add('five crash, no server → last survivor’s last member-failed', 'ms', [told.lastVerdictMs], '5,300 ms')
  figures.add('verdicts on anybody else', '', [told.falseDeaths], '0')
  figures.add('five crash → everybody linked to all neighbours', 'ms', [told.ringsWholeMs])
  figures.add('links opened without a server', '', [told.linksOpened], '> 0')
  figures.add('frames to the server', '', [told.framesToServer], '0')
  figures.add(`of ${told.messages} messages, tab to Node peer, arrived`, '', [told.messagesArrived])
  figures.add('server back, tab opened → its view full', 'ms', [told.newcomerMs], '3,000 ms')
  await sea.clear()
})
