/**
 * A process that opens maps and keeps what it gets: `node opener.mjs <built file-store> <directory> <maps>`. It is told when
 * to begin, as calendar time, and opens one every 20 ms from then on, as all others do who were told the same. It says at
 * the end which it has, and waits to be killed.
 */
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'

const [module, directory, maps] = process.argv.slice(2)
/** @type {typeof import('../../src/adapters/node/file-store.ts')} */
const { fileStore } = await import(/** @type {string} */ (module))
const maker = fileStore(/** @type {string} */ (directory))
process.stdout.write('ready\n')
const [begin] = await once(process.stdin, 'data')
/** @type {Map<number, object>} */
const got = new Map()

/** @param {number} map */
async function open(map) {
  const at = Number(begin) + 20 * map
  await setTimeout(Math.max(0, at - Date.now() - 3))
  // To the moment, which no timer is.
  while (Date.now() < at);
  const opened = await maker({ room: 'room', map: String(map), trouble: () => {} }).then(
    (store) => store,
    (error) => {
      if (error.code !== 'ERR_STORAGE_BUSY') throw error
    },
  )
  if (opened !== undefined) got.set(map, opened)
}

await Promise.all(Array.from({ length: Number(maps) }, (_, map) => open(map)))
process.stdout.write(`got ${[...got.keys()].join(' ')}\n`)
setInterval(() => {}, 60_000)
