// Types of core, yes; its code, no.
export { core } from '../core/core.ts'
