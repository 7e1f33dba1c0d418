/**
 * One copy of the shared state: which writes stand, where they lie, and what they take up. It decides from what
 * was signed alone, so replicas that were told the same hold the same. It knows nothing of links or messages.
 */
import type { Verified } from '../identity/claim.ts'
import { firstWord, secondWord, toBase64Url } from '../identity/base64url.ts'
import type { StateConfig } from './config.ts'
import type { Item } from './leaf.ts'
import type { Entry, TreePath } from './messages.ts'
import { compare, kept, type Ranked, standing } from './order.ts'
import { fewMax, rank, type Share, Shares } from './quota.ts'
import { Shelf } from './shelf.ts'
import { hashBytes, placesBelow, Tree, wordAt } from './tree.ts'

/**
 * `known`: it is here. `covered`: something here takes its place. `over-quota`: its writer or its map holds
 * enough that is newer. `full`: so do enough other writers, or maps.
 */
export type Applied = 'applied' | 'known' | 'covered' | 'over-quota' | 'full'

/** A group in the tree: a writer's number, then a map's. */
const mapBits = 18
const writerBits = 32 - mapBits
const mapMask = 2 ** mapBits - 1
const writerMask = ~mapMask >>> 0
const minuteMs = 60_000
/** What an entry is beside its value, about. */
const envelopeBytes = 200

/** Reads an entry that this replica kept. It was verified before it came here. */
export type Recall = (bytes: Uint8Array) => Verified<Entry>

export class Replica {
  readonly tree: Tree
  readonly #shelf = new Shelf()
  readonly #config: StateConfig
  readonly #recall: Recall
  readonly #writers: Shares
  readonly #maps: Shares
  readonly #changed: (map: string, key: string) => void
  /** Nothing ends before this minute. */
  #endsAtMinute = Infinity

  /** `changed` is called for every key of which something came or went. */
  constructor(config: StateConfig, salt: Uint8Array, recall: Recall, changed: (map: string, key: string) => void) {
    this.#config = config
    this.tree = new Tree(salt)
    this.#recall = recall
    this.#writers = new Shares(config.writersMax, writerBits)
    this.#maps = new Shares(config.mapsMax, mapBits)
    this.#changed = changed
  }

  get entries(): number {
    return this.tree.count
  }

  /** Of signed entries. */
  get bytes(): number {
    return this.#shelf.bytes
  }

  /** What stands under a key, newest first: one write, or several that are concurrent. Deletes are among them. */
  read(map: string, key: string): Verified<Entry>[] {
    return standing(this.held(map, key), this.#config.siblingsMax)
  }

  /** That, and what will stand when some of it has ended. */
  held(map: string, key: string): Verified<Entry>[] {
    return this.#held(this.tree.pathOf(map, key), map, key)
  }

  /** Everything in a map. */
  of(map: string): Verified<Entry>[] {
    const share = this.#maps.get(map)
    if (share === undefined) return []
    return this.tree.ofGroup(share.number, mapMask).map(({ handle }) => this.#recall(this.#shelf.get(handle)))
  }

  all(): Verified<Entry>[] {
    return this.tree.below({ depth: 0, prefix: 0 }).map(({ handle }) => this.#recall(this.#shelf.get(handle)))
  }

  /** The sixteen places below the root: how much they hold, and their hashes. */
  places(): { readonly entries: number; readonly hash: string }[] {
    const hashes = this.tree.hashesBelow({ depth: 0, prefix: 0 }, 1)
    return placesBelow({ depth: 0, prefix: 0 }, 1).map((place, i) => ({
      entries: this.tree.countBelow(place),
      hash: toBase64Url(hashes.subarray(i * hashBytes, (i + 1) * hashBytes)),
    }))
  }

  /** The entries below a place that have one of these fingerprints. */
  withFingerprints(place: TreePath, fingerprints: Uint8Array): Verified<Entry>[] {
    const wanted = new Set<string>()
    for (let at = 0; at + 8 <= fingerprints.length; at += 8)
      wanted.add(`${wordAt(fingerprints, at)} ${wordAt(fingerprints, at + 4)}`)
    return this.tree
      .below(place)
      .filter(({ fingerprint: [first, second] }) => wanted.has(`${first} ${second}`))
      .map(({ handle }) => this.#recall(this.#shelf.get(handle)))
  }

  /** Whether a writer may have all of this besides what it has, within its quota. */
  hasRoomFor(writer: string, writes: readonly Pick<Entry, 'map' | 'key' | 'value'>[]): boolean {
    const share = this.#writers.get(writer)
    let [entries, bytes] = [share?.entries ?? 0, share?.bytes ?? 0]
    const replaced = new Set<string>()
    for (const { map, key, value } of writes) {
      bytes += value.length + envelopeBytes
      const name = `${map}\0${key}`
      if (replaced.has(name)) continue
      replaced.add(name)
      const own = this.held(map, key).filter((entry) => entry.author === writer)
      entries += 1 - own.length
      bytes -= own.reduce((sum, entry) => sum + entry.bytes.length, 0)
    }
    return entries <= this.#config.writerEntriesMax && bytes <= this.#config.writerBytesMax
  }

  /** `twin`: called for what stands under the same key, and says something else under the same number of the same run. */
  apply(entry: Verified<Entry>, twin?: (held: Verified<Entry>) => void): Applied {
    const path = this.tree.pathOf(entry.map, entry.key)
    const held = this.#held(path, entry.map, entry.key)
    if (held.some(({ digest }) => digest === entry.digest)) return 'known'
    for (const each of held)
      if (each.seq === entry.seq && each.instance === entry.instance && each.author === entry.author) twin?.(each)
    const keep = kept([...held, entry], this.#config.siblingsMax)
    if (!keep.includes(entry)) return 'covered'
    if (!this.#writers.admits(entry.author, entry, this.#newestWriter)) return 'full'
    if (!this.#maps.admits(entry.map, entry, this.#newestMap)) return 'full'
    const writer = this.#writers.claim(entry.author)
    const map = this.#maps.claim(entry.map)
    // In this order: a share that holds nothing for a moment would lose its number.
    this.#keep(entry, path, writer, map)
    for (const each of held) if (!keep.includes(each)) this.#drop(each, path)
    this.#changed(entry.map, entry.key)
    const within = this.#makeRoom(writer, writerMask, entry) && this.#makeRoom(map, mapMask, entry)
    this.#dismiss(this.#writers.surplus(this.#newestWriter), writerMask)
    this.#dismiss(this.#maps.surplus(this.#newestMap), mapMask)
    return within ? 'applied' : 'over-quota'
  }

  /** Lets go of what may not be here any more. */
  expel(refused: (entry: Verified<Entry>) => boolean): void {
    for (const entry of this.all().filter(refused)) {
      this.#drop(entry)
      this.#changed(entry.map, entry.key)
    }
  }

  /** When `sweep` has something to do: calendar time, or undefined for never. */
  get sweepAt(): number | undefined {
    return this.#endsAtMinute === Infinity ? undefined : this.#endsAtMinute * minuteMs
  }

  /** Lets go of what has ended. */
  sweep(wall: number): void {
    const minute = Math.floor(wall / minuteMs)
    if (minute < this.#endsAtMinute) return
    const { items, next } = this.tree.endingBy(minute)
    this.#endsAtMinute = next ?? Infinity
    // Read first: handles change when the shelf is compacted.
    for (const entry of items.map(({ handle }) => this.#recall(this.#shelf.get(handle)))) {
      this.#drop(entry)
      this.#changed(entry.map, entry.key)
    }
  }

  #held(path: number, map: string, key: string): Verified<Entry>[] {
    return this.tree
      .at(path)
      .map(({ handle }) => this.#recall(this.#shelf.get(handle)))
      .filter((entry) => entry.map === map && entry.key === key)
      .sort((a, b) => compare(b, a))
  }

  #keep(entry: Verified<Entry>, path: number, writer: Share, map: Share): void {
    const endsAtMinute = Math.ceil((entry.issuedAt + entry.ttlMs) / minuteMs) + 1
    this.#endsAtMinute = Math.min(this.#endsAtMinute, endsAtMinute)
    this.tree.add({
      path,
      fingerprint: fingerprintOf(entry),
      handle: this.#shelf.put(entry.bytes),
      group: ((writer.number << mapBits) | map.number) >>> 0,
      endsAtMinute,
    })
    for (const [shares, share] of this.#sharesOf(writer, map)) {
      shares.add(share, entry, path)
      if (share.ranked !== undefined) rank(share.ranked, entry)
    }
  }

  /** Answers whether it was here. */
  #drop(entry: Verified<Entry>, path = this.tree.pathOf(entry.map, entry.key)): boolean {
    const item = this.tree.remove(path, fingerprintOf(entry))
    if (item === undefined) return false
    const chunk = this.#shelf.drop(item.handle)
    const writer = this.#writers.at(item.group >>> mapBits)
    const map = this.#maps.at(item.group & mapMask)
    if (writer === undefined || map === undefined) throw new Error(`an entry of nobody: group ${item.group}`)
    for (const [shares, share] of this.#sharesOf(writer, map)) shares.remove(share, entry, path)
    if (chunk !== undefined) this.#compact(chunk)
    return true
  }

  #compact(chunk: number): void {
    const shelf = this.#shelf
    this.tree.relocate((handle) => (shelf.isIn(handle, chunk) ? shelf.move(handle) : handle))
    shelf.empty(chunk)
  }

  #sharesOf(writer: Share, map: Share): readonly (readonly [Shares, Share])[] {
    return [
      [this.#writers, writer],
      [this.#maps, map],
    ]
  }

  /** Drops a share's oldest until it is within its quota. Answers whether `newest` is still here. */
  #makeRoom(share: Share, mask: number, newest: Verified<Entry>): boolean {
    const { writerEntriesMax, writerBytesMax, mapEntriesMax } = this.#config
    const [entriesMax, bytesMax] = mask === writerMask ? [writerEntriesMax, writerBytesMax] : [mapEntriesMax, Infinity]
    let within = true
    while (share.entries > entriesMax || share.bytes > bytesMax) {
      share.ranked ??= this.#rankedOf(share, mask)
      const oldest = share.ranked.pop()
      if (oldest === undefined) throw new Error(`${share.name} is over its quota with nothing`)
      // Something may have taken its place since it was ranked.
      if (!this.#drop(oldest)) continue
      this.#changed(oldest.map, oldest.key)
      if (oldest.digest === newest.digest) within = false
    }
    return within
  }

  /** Lets all of a share go: there are too many, and it is the one that was written to least lately. */
  #dismiss(share: Share | undefined, mask: number): void {
    if (share === undefined) return
    // Read first: handles change when the shelf is compacted.
    for (const entry of this.#entriesOf(share, mask)) {
      this.#drop(entry)
      this.#changed(entry.map, entry.key)
    }
  }

  #rankedOf(share: Share, mask: number): Verified<Entry>[] {
    const ranked: Verified<Entry>[] = []
    for (const entry of this.#entriesOf(share, mask)) rank(ranked, entry)
    return ranked
  }

  readonly #newestWriter = (share: Share): Ranked => this.#newestOf(share, writerMask)
  readonly #newestMap = (share: Share): Ranked => this.#newestOf(share, mapMask)

  #newestOf(share: Share, mask: number): Ranked {
    if (share.newest !== undefined) return share.newest
    const [first, ...others] = this.#entriesOf(share, mask)
    if (first === undefined) throw new Error(`${share.name} holds nothing`)
    const { issuedAt, counter, digest } = others.reduce(
      (newest, each) => (compare(each, newest) > 0 ? each : newest),
      first,
    )
    return (share.newest = { issuedAt, counter, digest })
  }

  #entriesOf(share: Share, mask: number): Verified<Entry>[] {
    const group = mask === writerMask ? (share.number << mapBits) >>> 0 : share.number
    const items = share.few === undefined ? this.tree.ofGroup(group, mask) : this.#atPaths(share.few, group, mask)
    // There may be few again. By half of them, so that no share is looked for again and again.
    if (2 * items.length <= fewMax) share.few ??= items.map(({ path }) => path)
    return items.map(({ handle }) => this.#recall(this.#shelf.get(handle)))
  }

  #atPaths(paths: readonly number[], group: number, mask: number): Item[] {
    const found = [...new Set(paths)].flatMap((path) => this.tree.at(path))
    return found.filter((item) => (item.group & mask) >>> 0 === group)
  }
}

function fingerprintOf(entry: Verified<Entry>): readonly [number, number] {
  return [firstWord(entry.digest), secondWord(entry.digest)]
}
