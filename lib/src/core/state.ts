/** What those below the wall may know of the shared state. */
export { type StateConfig, entryTtlMs, stateDefaults } from '../state/config.ts'
export { type Entry, ownerOf } from '../state/messages.ts'
export { momentOf } from '../state/order.ts'
export type { StateReader, Write } from '../state/state.ts'
