/** What the demo uses of the library, in one place. */
export { join, readRoomLink } from 'shoal'
export type {
  InspectedEntry,
  MapOptions,
  Member,
  Mesh,
  MeshEventMap,
  MeshStats,
  PeerId,
  Query,
  ReplicatedMap,
  Sibling,
  Topic,
  TopicMessage,
} from 'shoal'
