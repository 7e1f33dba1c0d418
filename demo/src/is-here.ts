import type { Member } from './mesh.ts'

export function isHere({ status }: Pick<Member, 'status'>): boolean {
  return status === 'alive' || status === 'suspect'
}
