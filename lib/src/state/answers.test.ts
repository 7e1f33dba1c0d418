import { describe, expect, it } from 'vitest'
import { entry, meshId, recallEntry } from '../../test/state/entries.ts'
import type { Millis } from '../identity/millis.ts'
import { encodeValue } from '../wire/value.ts'
import { answerBytesMax, answerEntries, answerTree, entrySize } from './answers.ts'
import { stateDefaults } from './config.ts'
import type { EntriesWant, StateMessage, TreeNode, TreePath } from './messages.ts'
import { Pull } from './pull.ts'
import { Replica } from './replica.ts'
import { Tree } from './tree.ts'

const roomy = { ...stateDefaults, writerEntriesMax: 100_000, writerBytesMax: 1 << 30, mapEntriesMax: 1_000_000 }

function replicaOf(count: number, valueBytes: number): Replica {
  const replica = new Replica(roomy, meshId, recallEntry, () => {})
  for (let n = 0; n < count; n++)
    replica.apply(entry({ key: `key ${n}`, seq: n + 1, value: encodeValue(new Uint8Array(valueBytes)) }))
  return replica
}

const claimsOf = (answers: readonly StateMessage[]) =>
  answers.flatMap((message) => (message.type === 'entries' ? message.claims : []))
const sizeOf = (answers: readonly StateMessage[]): number =>
  claimsOf(answers).reduce((sum, claim) => sum + entrySize(claim), 0)

describe('an answer about the tree', () => {
  it('tells of as many places as a link can hold, first come, and looks no further', () => {
    const { tree } = replicaOf(2000, 1)
    const nodesOf = (of: Tree, place: TreePath, sums = false): TreeNode[] => {
      const places = Array.from({ length: 512 }, () => place)
      const question = { type: 'tree-want', paths: sums ? [] : places, sums: sums ? places : [] } as const
      const answers = answerTree({ tree: of } as Replica, question)
      return answers.flatMap((message) => (message.type === 'tree-have' ? message.nodes : []))
    }
    const [root, small] = [
      { depth: 0, prefix: 0 },
      { depth: 2, prefix: 0x4200_0000 },
    ]
    expect(nodesOf(tree, root)).toHaveLength(63)
    expect(nodesOf(tree, root, true)).toHaveLength(63)
    const [lists, sums] = [nodesOf(tree, small), nodesOf(tree, small, true)]
    expect([lists[0]!.kind, lists.length]).toEqual(['fingerprints', 512])
    expect([sums[0]!.kind, sums.length]).toEqual(['sum', 512])
    const deep = new Tree(meshId)
    const path = 0x1234_5678
    for (let n = 0; n < 5000; n++) deep.add({ path, fingerprint: [n, n], handle: n, group: 0, endsAtMinute: 1 })
    const deepest = { depth: 8, prefix: path }
    expect(nodesOf(deep, deepest).map(({ bytes }) => bytes.length)).toEqual([8192, 8192, 8192])
    expect(nodesOf(deep, deepest, true)).toHaveLength(3)
  })
})

describe('an answer with entries', () => {
  const root: TreePath = { depth: 0, prefix: 0 }

  it('looks through no place that was never listed, however often it is named', () => {
    const replica = replicaOf(2000, 1)
    const all = replica.tree.fingerprintsBelow(root, 2000)
    let visits = 0
    const { tree } = replica
    const below = tree.below.bind(tree)
    tree.below = (place) => {
      const items = below(place)
      visits += items.length
      return items
    }
    const wants = Array.from({ length: 1024 }, () => ({ ...root, fingerprints: all.subarray(0, 8) }))
    expect(claimsOf(answerEntries(replica, { type: 'entries-want', wants }))).toEqual([])
    // A place with a list, a thousand times.
    const listed = { depth: 2, prefix: 0x4200_0000 }
    const few = { ...listed, fingerprints: tree.fingerprintsBelow(listed, 64) }
    answerEntries(replica, { type: 'entries-want', wants: Array.from({ length: 1024 }, () => few) })
    expect(visits).toBeLessThan(20_000)
  })

  it('is no more than a link can hold, and its asker asks for the rest', () => {
    const [full, empty] = [replicaOf(1000, 2000), replicaOf(0, 0)]
    const pull = new Pull('A'.repeat(43) as never, empty.tree, 0 as Millis)
    let rounds = 0
    for (let question = pull.ask(0 as Millis); question !== undefined; question = pull.ask(0 as Millis)) {
      expect(++rounds).toBeLessThan(100)
      if (question.type === 'tree-want') {
        for (const answer of answerTree(full, question))
          if (answer.type === 'tree-have') pull.onTree(answer, 0 as Millis)
        continue
      }
      const answers = answerEntries(full, question)
      expect(sizeOf(answers)).toBeLessThanOrEqual(answerBytesMax)
      for (const answer of answers) {
        if (answer.type !== 'entries') continue
        for (const claim of answer.claims) empty.apply(claim)
        pull.onEntries(answer, 0 as Millis)
      }
    }
    expect(empty.entries).toBe(1000)
    expect(empty.tree.root()).toEqual(full.tree.root())
  })

  it('that holds nothing of what was asked for is not asked for again', () => {
    const [full, empty] = [replicaOf(10, 1), replicaOf(0, 0)]
    const pull = new Pull('A'.repeat(43) as never, empty.tree, 0 as Millis)
    const first = pull.ask(0 as Millis)!
    for (const answer of answerTree(full, first as never))
      if (answer.type === 'tree-have') pull.onTree(answer, 0 as Millis)
    expect((pull.ask(0 as Millis) as EntriesWant).type).toBe('entries-want')
    pull.onEntries({ claims: [], last: true }, 0 as Millis)
    expect(pull.ask(0 as Millis)).toBeUndefined()
  })
})
