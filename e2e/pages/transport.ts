/** The lab's peers inside a page, over the transport as it was built, driven by a test through a bridge. */
import { simplePeerTransport } from '../../lib/dist/transport/simple-peer.js'
import { LabPeer, type LabCommand, type LabEvent, type LabOptions, realHost } from '../../lib/test/transport/lab.ts'

export interface PageLab {
  open(options: LabOptions): Promise<{ index: number; id: string }>
  call(index: number, command: LabCommand, args: (string | number)[]): unknown
  /** Makes and drops connections as a long life would; answers how many could be made. */
  churn(count: number): Promise<number>
}

declare global {
  interface Window {
    lab: PageLab
    labEvent(index: number, event: LabEvent): void
  }
}

const peers: LabPeer[] = []

window.lab = {
  open: async (options) => {
    const index = peers.length
    // Claimed before the first wait: another may open meanwhile.
    peers.length++
    const peer = await LabPeer.open(
      options,
      (credentials, limits) => simplePeerTransport({ credentials, limits, host: realHost }),
      (event) => window.labEvent(index, event),
    )
    peers[index] = peer
    return { index, id: peer.id }
  },
  call: (index, command, args) =>
    (peers[index]![command] as (...given: unknown[]) => unknown).apply(peers[index], args),
  churn: async (count) => {
    let made = 0
    for (let i = 0; i < count; i++) {
      const seed = (n: number): string => n.toString(16).padStart(64, '0')
      const events: LabEvent[] = []
      let wake = (): void => {}
      const open = (n: number): Promise<LabPeer> =>
        LabPeer.open(
          { seed: seed(n), meshId: '00'.repeat(32) },
          (credentials, limits) => simplePeerTransport({ credentials, limits, host: realHost }),
          (event) => {
            events.push(event)
            if (event.type === 'signal') pair.find(({ id }) => id === event.to)?.signal(other(event.to), event.payload)
            wake()
          },
        )
      const pair = [await open(2 * i + 1), await open(2 * i + 2)] as const
      const other = (id: string): string => (pair[0].id === id ? pair[1].id : pair[0].id)
      pair[0].dial(pair[1].id)
      for (;;) {
        if (events.some(({ type }) => type === 'failure')) return made
        if (events.filter(({ type }) => type === 'link').length === 2) break
        await new Promise<void>((resolve) => (wake = resolve))
      }
      made += 2
      pair[0].close()
      pair[1].close()
    }
    return made
  },
}
