/** Hands the library's kept identities to the test. */
import { loadIdentity } from '../../lib/dist/mesh/index.js'

declare global {
  interface Window {
    loadIdentity: typeof loadIdentity
  }
}

window.loadIdentity = loadIdentity
