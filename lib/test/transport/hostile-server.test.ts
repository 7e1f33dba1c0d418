import { createRequire } from 'node:module'
import { afterEach, describe, expect, test } from 'vitest'
import { simplePeerTransport, type WebRtc } from '../../src/transport/simple-peer.ts'
import { attacks } from './hostile-server.ts'
import { realHost } from './lab.ts'
import { localEngine, Rig } from './rig.ts'

const wrtc = createRequire(import.meta.url)('@roamhq/wrtc') as WebRtc
const engine = localEngine('node', (credentials, limits) =>
  simplePeerTransport({ credentials, limits, host: realHost, wrtc }),
)

describe('a hostile signaling server, between two peers in Node', () => {
  let rig: Rig | undefined
  afterEach(() => rig?.close())

  for (const attack of attacks) {
    test(
      attack.name,
      async () => {
        rig = new Rig(engine)
        expect(await attack.run(rig, wrtc)).toMatch(/ERR_|ignored/)
      },
      30_000,
    )
  }
})
