/** The Worker with one path more: `/life` says which life of a room's object answers. For tests only. */
import worker, { SignalingRoom as ShippedRoom } from '../src/index.ts'
import type { Env } from '../src/env.ts'

export class SignalingRoom extends ShippedRoom {
  readonly #life = crypto.randomUUID()

  override async fetch(request: Request): Promise<Response> {
    return new URL(request.url).pathname === '/life' ? new Response(this.#life) : super.fetch(request)
  }
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const url = new URL(request.url)
    if (url.pathname !== '/life') return worker.fetch(request, env)
    return env.ROOMS.get(env.ROOMS.idFromName(url.searchParams.get('room')!)).fetch(request)
  },
}
