import { ring } from '../../overlay/ring.ts'

export const suspicion = ring
