import { suspicion } from './suspicion.ts'

export const probe = () => suspicion
