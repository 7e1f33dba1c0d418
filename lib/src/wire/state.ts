/** What the shared state looks like in bytes: entries, and questions about the tree. */
import { instanceIdToBytes, peerIdToBytes } from '../identity/peer-id.ts'
import { type Context, ownerOf, type StateClaim, type StateMessage, type TreePath } from '../state/messages.ts'
import { decodeItem, type Item, uint } from './cbor.ts'
import type { ClaimRows } from './claims.ts'
import { WireError } from './errors.ts'
import { type Fields, uint32Max, wholeMs } from './fields.ts'
import type { FrameRows } from './frames.ts'
import {
  admissionBytesMax,
  contextWritersMax,
  extraBytesMax,
  keyBytesMax,
  nameBytesMax,
  payloadBytesMax,
} from './limits.ts'

const counterMax = 0xffff
const pathBytes = 5
const depthMax = 8
const hashBytes = 8
const pathsPerFrameMax = 512
const nodesPerFrameMax = 128
const sumBytes = 12
/** 256 hashes, or the longest list of fingerprints at the deepest places. */
const nodeBytesMax = 1024 * hashBytes
const fingerprintsPerFrameMax = 1024

const nodeKinds = ['hashes', 'fingerprints', 'sum'] as const

export const stateClaims: ClaimRows<StateClaim> = {
  entry: {
    write: (claim) => [
      peerIdToBytes(claim.author),
      wholeMs(claim.issuedAt),
      wholeMs(claim.ttlMs),
      instanceIdToBytes(claim.instance),
      uint(claim.seq),
      claim.map,
      claim.key,
      claim.counter,
      claim.deleted,
      writeContext(claim.context),
      claim.value,
      ...(claim.admission === undefined ? [] : [claim.admission]),
    ],
    read(fields) {
      const entry = {
        type: 'entry',
        author: fields.peer(),
        issuedAt: fields.wall(),
        ttlMs: fields.uint(),
        instance: fields.instance(),
        seq: fields.uint(uint32Max),
        map: fields.text(nameBytesMax),
        key: fields.text(keyBytesMax),
        counter: fields.uint(counterMax),
        deleted: fields.boolean(),
        context: readContext(fields),
        value: fields.bytesUpTo(payloadBytesMax),
        admission: fields.length === 11 ? undefined : fields.bytesUpTo(admissionBytesMax),
      } as const
      fields.expect(entry.admission?.length !== 0, 'an empty proof')
      fields.expect(entry.seq > 0 && entry.map !== '', 'no number, or no map')
      fields.expect(entry.deleted === (entry.value.length === 0), 'a delete with a value, or a write without')
      const owner = ownerOf(entry.key)
      if (owner !== undefined && owner !== entry.author) throw new WireError('ERR_ENTRY_OWNER')
      // Every member decodes it, so nobody passes on what a decoder would choke on.
      if (!entry.deleted) decodeItem(entry.value, 'value')
      return entry
    },
  },
}

export const stateFrames: FrameRows<StateMessage> = {
  fresh: {
    kind: 48,
    claims: ['entry'],
    write: () => [],
    read: () => ({ type: 'fresh' }),
  },
  'tree-want': {
    kind: 49,
    write: ({ paths, sums }) => [writePaths(paths), writePaths(sums)],
    read(fields) {
      const paths = readPaths(fields, pathsPerFrameMax)
      return { type: 'tree-want', paths, sums: readPaths(fields, pathsPerFrameMax - paths.length) }
    },
  },
  'tree-have': {
    kind: 50,
    write: ({ last, nodes }) => [
      last,
      nodes.map((node) => [writePaths([node]), nodeKinds.indexOf(node.kind), node.bytes]),
    ],
    read: (fields) => ({
      type: 'tree-have',
      last: fields.boolean(),
      nodes: fields.list(nodesPerFrameMax, (node) => {
        const inner = node.group(3)
        const path = readPath(inner)
        const kind = inner.choice(nodeKinds)
        const bytes = kind === 'sum' ? inner.bytes(sumBytes) : inner.bytesUpTo(nodeBytesMax, hashBytes)
        inner.expect(kind !== 'hashes' || hashesFit(path.depth, bytes.length), 'hashes are missing')
        return { ...path, kind, bytes }
      }),
    }),
  },
  'entries-want': {
    kind: 51,
    write: ({ wants }) => [wants.map((want) => [writePaths([want]), want.fingerprints])],
    read: (fields) => ({
      type: 'entries-want',
      wants: fields.list(fingerprintsPerFrameMax, (want) => {
        const inner = want.group(2)
        return { ...readPath(inner), fingerprints: inner.bytesUpTo(fingerprintsPerFrameMax * hashBytes, hashBytes) }
      }),
    }),
  },
  entries: {
    kind: 52,
    claims: ['entry'],
    write: ({ last }) => [last],
    read: (fields) => ({ type: 'entries', last: fields.boolean() }),
  },
  roots: {
    kind: 53,
    write: ({ shown }) => [shown],
    read: (fields) => ({ type: 'roots', shown: fields.bytesUpTo(extraBytesMax, hashBytes) }),
  },
}

/** One level of hashes or two, and none below the last. */
const hashesFit = (depth: number, bytes: number): boolean =>
  (bytes === 16 * hashBytes && depth < depthMax) || (bytes === 256 * hashBytes && depth < depthMax - 1)

function writeContext(context: Context | undefined): Item {
  if (context === undefined) return []
  const { floor, seen } = context
  return [wholeMs(floor.wall), floor.counter, seen.map(({ instance, seq }) => [instanceIdToBytes(instance), uint(seq)])]
}

function readContext(fields: Fields): Context | undefined {
  const context = fields.group(0, 3)
  if (context.length === 0) return undefined
  const floor = { wall: context.wall(), counter: context.uint(counterMax) }
  const seen = context.list(contextWritersMax, (each) => {
    const inner = each.group(2)
    return { instance: inner.instance(), seq: inner.uint(uint32Max) }
  })
  // One order, so that one context has one encoding, and nobody is named twice.
  context.expect(
    seen.every(({ instance }, i) => i === 0 || seen[i - 1]!.instance < instance),
    'instances out of order',
  )
  return { floor, seen }
}

function writePaths(paths: readonly TreePath[]): Uint8Array {
  const bytes = new Uint8Array(paths.length * pathBytes)
  const view = new DataView(bytes.buffer)
  paths.forEach(({ depth, prefix }, i) => {
    view.setUint8(i * pathBytes, depth)
    view.setUint32(i * pathBytes + 1, prefix)
  })
  return bytes
}

function readPaths(fields: Fields, max: number): TreePath[] {
  const bytes = fields.bytesUpTo(max * pathBytes, pathBytes)
  const paths: TreePath[] = []
  for (let at = 0; at < bytes.length; at += pathBytes) paths.push(pathAt(fields, bytes, at))
  return paths
}

function readPath(fields: Fields): TreePath {
  return pathAt(fields, fields.bytes(pathBytes), 0)
}

function pathAt(fields: Fields, bytes: Uint8Array, at: number): TreePath {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, pathBytes)
  const [depth, prefix] = [view.getUint8(0), view.getUint32(1)]
  // Shifting by 32 is shifting by nothing, hence the question of depth first.
  const rest = depth === 0 ? prefix : depth >= depthMax ? 0 : (prefix << (4 * depth)) >>> 0
  fields.expect(depth <= depthMax && rest === 0, 'no place in the tree')
  return { depth, prefix }
}
