/**
 * The layer table of the house, as a lint rule: which room of `lib/src` may import which. (And one
 * small rule beside it, which no stock rule covers.)
 *
 * It reads one import at a time and looks at two paths, so it needs no type checker. Packages are
 * confined too: a room that is not named one below cannot reach for it.
 */
import { dirname, posix, sep } from 'node:path'

/**
 * `rooms`: may be imported. `types`: may be imported with `import type`. `files`: single files of
 * other rooms. `packages`: by name, with everything below that name; '*' is any.
 *
 * @type {Record<string, { rooms?: string[], types?: string[], files?: string[], packages?: string[] }>}
 */
export const table = {
  identity: { packages: ['#sha512', '@noble/ed25519', '@noble/hashes', '@noble/curves', '@noble/ciphers'] },
  swim: { rooms: ['identity'] },
  overlay: { rooms: ['identity'] },
  broadcast: { rooms: ['identity'] },
  state: { rooms: ['identity'] },
  core: { rooms: ['identity', 'swim', 'overlay', 'broadcast', 'state'] },
  // Of the machines, wire knows what they say and nothing of what they do.
  wire: {
    rooms: ['identity'],
    files: [
      'swim/messages.ts',
      'overlay/messages.ts',
      'broadcast/messages.ts',
      'broadcast/transfer-messages.ts',
      'state/messages.ts',
      'core/message.ts',
    ],
    packages: ['cbor-x'],
  },
  pipeline: { rooms: ['identity', 'wire'], types: ['core'] },
  sim: { rooms: ['identity', 'swim', 'overlay', 'broadcast', 'state', 'core', 'wire', 'pipeline'] },
  // ── the wall ──
  // The simulator's command line: the one place in it that has files, a terminal and a real clock.
  'sim/cli': { rooms: ['sim'], packages: ['*'] },
  transport: { types: ['identity'], packages: ['#simple-peer', '@roamhq/wrtc', '@noble/hashes'] },
  // Ids, nonces and payloads are written as identity writes them: one spelling, one file.
  signaling: { types: ['identity'], files: ['identity/base64url.ts'], packages: ['@noble/hashes'] },
  mesh: { rooms: ['identity', 'core', 'pipeline', 'transport', 'signaling'], packages: ['idb', 'idb-keyval'] },
  adapters: { rooms: ['mesh'], packages: ['*'] },
}

/** @param {string} path below `lib/src` */
const roomOf = (path) => (path.startsWith('sim/cli/') ? 'sim/cli' : (path.split('/')[0] ?? ''))

const source = /(?:^|\/)lib\/src\/(.+)$/

/**
 * Why this import breaks the table, or undefined when it does not.
 *
 * @param {string} file the importing file
 * @param {string} specifier what it imports
 * @param {boolean} typeOnly
 */
export function breach(file, specifier, typeOnly) {
  const path = source.exec(file.split(sep).join('/'))?.[1]
  const room = path === undefined ? undefined : roomOf(path)
  const may = room === undefined ? undefined : table[room]
  if (path === undefined || room === undefined) return undefined
  if (may === undefined) return `${room} is not a room: add it to the table, with its reason, or put the file into one.`
  if (!specifier.startsWith('.')) {
    const allowed = may.packages?.some((name) => name === '*' || specifier === name || specifier.startsWith(`${name}/`))
    return allowed ? undefined : `${room} may not use the package ${specifier}.`
  }
  const target = posix.join(dirname(path), specifier)
  const other = roomOf(target)
  if (other === room || may.rooms?.includes(other) || may.files?.includes(target)) return undefined
  if (may.types?.includes(other)) return typeOnly ? undefined : `${room} may import only types from ${other}.`
  const list = [...(may.rooms ?? []), ...(may.types ?? []).map((name) => `${name} (types)`), ...(may.files ?? [])]
  return `${room} may not import ${other}: only ${list.length === 0 ? 'itself' : list.join(', ')}.`
}

/**
 * @typedef {{ type: string, value?: unknown }} Node
 * @typedef {Node & { source?: Node | null, importKind?: string, exportKind?: string, specifiers?: { importKind?: string }[] }} Import
 * @typedef {{ filename: string, report(problem: { node: Node, message: string }): void }} Context
 */

const layers = {
  /** @param {Context} context */
  create(context) {
    if (/\.test\.tsx?$/.test(context.filename)) return {}
    /** @param {Node & { source?: Node | null }} node @param {boolean} typeOnly */
    const check = (node, typeOnly) => {
      if (typeof node.source?.value !== 'string') return
      const message = breach(context.filename, node.source.value, typeOnly)
      if (message !== undefined) context.report({ node: node.source, message: `The layer table: ${message}` })
    }
    /** @param {Import} node */
    const declared = (node) => {
      const inline = node.specifiers ?? []
      const everyType = inline.length > 0 && inline.every((specifier) => specifier.importKind === 'type')
      check(node, node.importKind === 'type' || node.exportKind === 'type' || everyType)
    }
    return {
      ImportDeclaration: declared,
      ExportNamedDeclaration: declared,
      ExportAllDeclaration: declared,
      /** @param {Import} node */
      ImportExpression: (node) => check(node, false),
      /** @param {Import} node */
      TSImportType: (node) => check(node, true),
    }
  },
}

/** `new Date()` reads the clock as surely as `Date.now()` does; `new Date(millis)` reads nothing. */
const noNewDate = {
  /** @param {Context} context */
  create(context) {
    /** @param {Node & { callee?: { name?: string }, arguments?: unknown[] }} node */
    const check = (node) => {
      if (node.callee?.name !== 'Date' || node.arguments?.length !== 0) return
      context.report({
        node,
        message: 'This reads the clock. Clock, timers and chance are handed in from mesh/host.ts.',
      })
    }
    return { NewExpression: check }
  },
}

export default { meta: { name: 'house' }, rules: { layers, 'no-new-date': noNewDate } }
