// A dynamic import is an import.
export const lazy = () => import('../core/core.ts')
