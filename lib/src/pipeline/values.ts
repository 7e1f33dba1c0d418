/** The application's values as bytes, for the rooms that may not look into `wire`. */
export { decodeValue, encodeValue, metadataBytesMax, payloadBytesMax } from '../wire/values.ts'
