// PeerServer as its README starts it, with its limit on clients out of the way.
import { PeerServer } from 'peer'

PeerServer({ port: Number(process.env.PORT), host: '127.0.0.1', path: '/', concurrent_limit: 1_000_000 })
