/**
 * A process that writes to a file store until it is killed: `node writer.mjs <built file-store> <directory> <from>`. After
 * each write that resolved it says so. A quarter of what it wrote is dropped again later, so that the file is written anew
 * now and then.
 */
const [module, directory, from] = process.argv.slice(2)
/** @type {typeof import('../../src/adapters/node/file-store.ts')} */
const { fileStore } = await import(/** @type {string} */ (module))
const store = await fileStore(/** @type {string} */ (directory))({
  room: 'room',
  map: 'map',
  trouble: (error) => process.stdout.write(`trouble ${error.code}\n`),
})
/** @param {number} n */
const nameOf = (n) => String(n).padStart(22, '0')
for (let n = Number(from); ; n += 1) {
  const drops = n % 4 === 0 && n >= 40 ? [nameOf(n - 40)] : []
  await store.write([{ name: nameOf(n), bytes: new Uint8Array(3000).fill(n) }], drops)
  process.stdout.write(`stored ${n}\n`)
}
