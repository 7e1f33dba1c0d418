// The one file that may.
export const now = () => Date.now()
export const later = (run: () => void) => setTimeout(run, 1)
