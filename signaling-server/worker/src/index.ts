/**
 * The rooms at the edge: a Cloudflare Worker that hands each room to one Durable Object, wherever in the
 * world that is. The address has to name the room (`?room=`, which every client of this library sends).
 */
import { isRoomName } from 'shoal/signaling'
import { originAllowed } from '../../src/admission.ts'
import { settingsOf, type Env } from './env.ts'

export { SignalingRoom } from './signaling-room.ts'

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const url = new URL(request.url)
    if (url.pathname === '/healthz' || url.pathname === '/readyz') return new Response('ok\n')
    const settings = settingsOf(env)
    if (url.pathname !== settings.path) return new Response('This is a Shoal signaling server.\n', { status: 404 })
    if (request.headers.get('upgrade')?.toLowerCase() !== 'websocket') {
      return new Response('It speaks WebSocket.\n', { status: 426, headers: { upgrade: 'websocket' } })
    }
    if (!originAllowed(settings, request.headers.get('origin') ?? undefined)) {
      return new Response('Forbidden\n', { status: 403 })
    }
    const room = url.searchParams.get('room')
    if (!isRoomName(room)) return new Response('The address needs ?room= with 1 to 64 bytes.\n', { status: 400 })
    return env.ROOMS.get(env.ROOMS.idFromName(room)).fetch(request)
  },
} satisfies ExportedHandler<Env>
