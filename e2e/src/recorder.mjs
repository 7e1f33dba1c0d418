/**
 * Notes everything that a mesh says, from its first event on. The same function runs in Node and, as
 * text, in a page, so it stands alone: it imports nothing and names nothing outside itself.
 */

/**
 * @typedef {{
 *   type: string, at: number, peer?: string, status?: string, code?: string, from?: string | undefined,
 *   data?: unknown, broadcast?: boolean, zone?: string, count?: number
 * }} Noted `joined` comes first: join() has resolved
 * @typedef {{ status: string, metadata: Record<string, unknown>, zone: string | undefined, linked: boolean,
 *   incarnation: number, self: boolean }} MemberNote
 */

/** @param {import('shoal').Mesh} mesh @param {Noted[]} notes */
export function record(mesh, notes) {
  /** @type {(keyof import('shoal').MeshEventMap)[]} */
  const types = [
    'member-joined',
    'member-suspected',
    'member-recovered',
    'member-failed',
    'member-left',
    'member-updated',
    'zone-unreachable',
    'zone-recovered',
    'isolated',
    'reconnected',
    'link-opened',
    'link-closed',
    'claim-rejected',
    'message',
    'signaling-connected',
    'signaling-lost',
    'error',
    'closed',
  ]
  notes.push({ type: 'joined', at: Date.now() })
  for (const type of types) {
    mesh.addEventListener(type, (event) => {
      const { member, error, ...rest } = /** @type {any} */ (event).detail
      notes.push({
        type,
        at: Date.now(),
        ...rest,
        ...(member === undefined ? {} : { peer: member.id, status: member.status }),
        ...(error === undefined ? {} : { code: error.code }),
      })
    })
  }
}

/** Runs in a page before any script of its own: notes the mesh that it gets, and what goes wrong. */
export function recordPage() {
  /** @type {any} */
  const page = globalThis
  /** @type {import('shoal').Mesh | undefined} */
  let mesh
  page.notes = []
  page.troubles = []
  addEventListener('error', ({ message }) => page.troubles.push(`error: ${message}`))
  addEventListener('unhandledrejection', ({ reason }) => page.troubles.push(`unhandled rejection: ${String(reason)}`))
  Object.defineProperty(page, 'mesh', {
    get: () => mesh,
    set: (next) => {
      mesh = next
      if (mesh !== undefined) page.record(mesh, page.notes)
    },
  })
}

/** What can be told of a mesh as plain data. @param {import('shoal').Mesh} mesh @returns {Record<string, MemberNote>} */
export function membersOf(mesh) {
  return Object.fromEntries(
    [...mesh.members.values()].map(({ id, status, metadata, zone, linked, incarnation, self }) => [
      id,
      { status, metadata, zone, linked, incarnation, self },
    ]),
  )
}

/**
 * Calls a method of a mesh and says what came of it. @param {import('shoal').Mesh} mesh @param {string} method
 * @param {unknown[]} args @returns {Promise<{ value?: unknown, code?: string, message?: string }>}
 */
export async function ask(mesh, method, args) {
  try {
    return { value: await /** @type {any} */ (mesh)[method](...args) }
  } catch (error) {
    const { code, message } = /** @type {Error & { code?: string }} */ (error)
    return { code: code ?? 'none', message }
  }
}
