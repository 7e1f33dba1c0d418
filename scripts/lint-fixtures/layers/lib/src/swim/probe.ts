// A machine may not know its sibling, not even one folder further down.
import { ring } from '../overlay/ring.ts'

export const probe = ring
