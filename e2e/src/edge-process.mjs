/** The process of an edge peer: joins as any program would, and does what its parent asks. */
import { seedSigner } from '../../lib/dist/identity/ed25519.js'
import { join } from 'shoal/node'
import { ask, membersOf, record } from './recorder.mjs'

/** @type {import('shoal').Mesh} */
let mesh
/** @type {import('./recorder.mjs').Noted[]} */
const notes = []
/** @type {string[]} */
const troubles = []

process.on('unhandledRejection', (reason) => troubles.push(`unhandled rejection: ${String(reason)}`))
process.on('uncaughtException', (error) => troubles.push(`uncaught: ${error.stack}`))
process.on('disconnect', () => process.exit(0))

/** @type {Record<string, (...args: any[]) => unknown>} */
const does = {
  join: async (room, { seed, ...options }) => {
    const identity = seed === undefined ? {} : { identity: seedSigner(Buffer.from(seed, 'hex')) }
    mesh = await join(room, { ...options, ...identity })
    record(mesh, notes)
    return mesh.id
  },
  members: () => membersOf(mesh),
  notes: () => notes,
  troubles: () => troubles,
}

/** @param {{ ref: number, what: string, args: any[] }} request */
async function answer({ ref, what, args }) {
  const came = what === 'call' ? await ask(mesh, args[0], args[1]) : await ask(/** @type {any} */ (does), what, args)
  process.send?.({ ref, ...came })
}

process.on('message', (request) => void answer(/** @type {any} */ (request)))
