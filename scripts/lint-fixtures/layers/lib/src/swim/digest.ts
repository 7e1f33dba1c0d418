// A dependency is confined to the room that names it.
import { encode } from 'cbor-x'

export const digest = encode
