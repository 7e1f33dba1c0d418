import { probe } from './probe.ts'

export const suspicion = () => probe
