/**
 * What a visitor can do about an error of `join`, by its code. The library's own message says what
 * was wrong and what is allowed; this is the next step.
 */

const steps: Readonly<Record<string, string>> = {
  ERR_ROOM_INVALID: 'Choose another name for the room.',
  ERR_ZONE_INVALID: 'Change or remove “zone” in this page’s address.',
  ERR_METADATA_TOO_LARGE: 'Choose a shorter name.',
  ERR_SIGNALING_URL_INVALID: 'Correct the address of the signaling server.',
  ERR_SIGNALING_UNREACHABLE: 'See that the server runs and that its address is right, then try again.',
  ERR_SIGNALING_SILENT: 'The server may be busy: try again in a moment.',
  ERR_SIGNALING_REFUSED: 'Another room or another server may let you in.',
  ERR_UNSUPPORTED:
    'A current Chrome, Edge, Firefox or Safari has what is needed, on a page served over https or from localhost.',
}

export function advice(code: string): string {
  return steps[code] ?? 'Try again, or look at the room and the server below.'
}
