/** What a visitor can do about an error of `join`, by its code. */

const byCode: Readonly<Record<string, string>> = {
  ERR_SIGNALING_URL:
    'The address of the signaling server starts with ws:// or wss://, for example ws://localhost:8787.',
  ERR_SIGNALING_UNREACHABLE: 'Is the signaling server running, and may this page reach it? Start it with “npm start”.',
}

export function advice(code: string): string {
  return byCode[code] ?? 'Look at the room and the server below, then try again.'
}
