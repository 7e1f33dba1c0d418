/** The default host: `ws` on Node, rooms in memory. */
import { startSignalingServer } from '../src/server.ts'
import { complies } from './compliance.ts'

const peersPerRoomMax = 20

complies('in memory', async () => {
  const server = await startSignalingServer({ port: 0, exemptLoopback: true, peersPerRoomMax })
  return { urls: [server.url], peersPerRoomMax, close: () => server.close() }
})
