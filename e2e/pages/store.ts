/** Runs the stores' compliance cases against this browser's IndexedDB. */
import { openIndexedStore } from '../../lib/dist/mesh/indexed-store.js'
import { storeCases } from '../../lib/test/store/compliance.ts'

declare global {
  interface Window {
    runStoreCase: (name: string) => Promise<void>
    openIndexedStore: typeof openIndexedStore
  }
}

window.openIndexedStore = openIndexedStore
window.runStoreCase = (name) => storeCases.find((each) => each.name === name)!.run(openIndexedStore)
