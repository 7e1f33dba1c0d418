// A folder that the table does not know.
export { core } from '../core/core.ts'
