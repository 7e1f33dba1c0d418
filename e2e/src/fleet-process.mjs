/** The process of a few Node peers: each is a mesh of its own, as in a service that holds one for each of its users. */
import { join } from 'shoal/node'
import { ask, record } from './recorder.mjs'

/** @type {{ mesh: import('shoal').Mesh, notes: import('./recorder.mjs').Noted[] }[]} */
const peers = []
process.on('disconnect', () => process.exit(0))

/** @type {Record<string, (...args: any[]) => unknown>} */
const does = {
  join: async (room, count, options) => {
    const enter = async () => {
      const mesh = await join(room, options)
      /** @type {import('./recorder.mjs').Noted[]} */
      const notes = []
      record(mesh, notes)
      peers.push({ mesh, notes })
    }
    await Promise.all(Array.from({ length: count }, enter))
    return peers.map(({ mesh }) => mesh.id)
  },
  look: () =>
    peers.map(({ mesh, notes }) => {
      const { links, rings, signalingFramesSent } = mesh.stats()
      /** @type {Set<string | undefined>} */
      const linked = new Set(links.map(({ peer }) => peer))
      return {
        id: mesh.id,
        alive: [...mesh.members.values()].filter(({ status }) => status === 'alive').length,
        links: links.length,
        unlinked: rings.flatMap(({ before, after }) => [before, after]).filter((peer) => !linked.has(peer)),
        signalingFramesSent,
        linksOpened: notes.filter(({ type }) => type === 'link-opened').length,
      }
    }),
  failures: () =>
    peers.flatMap(({ mesh, notes }) =>
      notes.filter(({ type }) => type === 'member-failed').map(({ peer, at }) => ({ observer: mesh.id, peer, at })),
    ),
  heard: () =>
    peers.map(({ mesh, notes }) => ({
      id: mesh.id,
      messages: notes.filter(({ type }) => type === 'message').map(({ from, data }) => ({ from, data })),
    })),
}

/** @param {{ ref: number, what: string, args: unknown[] }} request */
async function answer({ ref, what, args }) {
  process.send?.({ ref, ...(await ask(/** @type {any} */ (does), what, args)) })
}

process.on('message', (request) => void answer(/** @type {any} */ (request)))
