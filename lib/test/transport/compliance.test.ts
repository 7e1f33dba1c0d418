import { createRequire } from 'node:module'
import { afterEach, describe, test } from 'vitest'
import { MemoryHub } from '../../src/transport/memory.ts'
import { simplePeerTransport, type WebRtc } from '../../src/transport/simple-peer.ts'
import { complianceCases } from './compliance.ts'
import { realHost } from './lab.ts'
import { localEngine, Rig } from './rig.ts'

const wrtc = createRequire(import.meta.url)('@roamhq/wrtc') as WebRtc
const hub = new MemoryHub(realHost)

const engines = [
  localEngine('in memory', (credentials, limits) => hub.transport({ credentials, limits })),
  localEngine('simple-peer in Node', (credentials, limits) =>
    simplePeerTransport({ credentials, limits, host: realHost, wrtc }),
  ),
]

for (const engine of engines) {
  describe(`transport, ${engine.name}`, () => {
    let rig: Rig | undefined
    afterEach(() => rig?.close())

    for (const compliance of complianceCases) {
      test(
        compliance.name,
        async () => {
          rig = new Rig(engine)
          await compliance.run(rig)
        },
        30_000,
      )
    }
  })
}
