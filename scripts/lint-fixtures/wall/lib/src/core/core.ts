export const later = (run: () => void) => setTimeout(run, 1)
export const page = () => document.title
export const net = () => new WebSocket('ws://localhost')
export const env = () => process.env
