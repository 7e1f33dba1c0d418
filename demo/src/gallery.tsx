/**
 * The page over a mesh without a network, to be looked at while working on it:
 *
 *     /gallery.html?peers=30            30 peers, after some talk, painting and trouble; all of them point
 *     /gallery.html?peers=3&stir        members that come, falter and go as one watches
 *     /gallery.html?peers=3&state=…     `isolated`, `refused` or `closed`
 *
 * `npm run screenshots` photographs it. It is not part of the built demo.
 */
import { render } from 'preact'
import { App } from './app.tsx'
import { FakeMesh } from './fake-mesh.ts'
import { paceMs } from './own-presence.ts'
import { Session } from './session.ts'
import { followTheme } from './theme.ts'
import './style.css'

const { searchParams } = new URL(location.href)
const address = { room: 'lobby', name: 'Silver Herring', zone: 'eu-west', signaling: 'ws://localhost:8787/' }
const mesh = new FakeMesh(address.room, address.name, Number(searchParams.get('peers') ?? 3), 7)
const state = searchParams.get('state')

const session = new Session(address.name, async () => {
  if (state !== 'refused') return mesh
  const error = new Error('no signaling server answered at ws://localhost:8787/ within 10 s')
  throw Object.assign(error, { code: 'ERR_SIGNALING_UNREACHABLE' })
})

followTheme()
const app = document.querySelector('#app')
if (app) render(<App session={session} address={address} />, app)
await session.enter()
mesh.act()
for (const _ of mesh.members) mesh.swim()
setInterval(() => mesh.swim(), paceMs(mesh.members.size) / mesh.members.size)
if (state === 'isolated') mesh.cutOff()
if (state === 'closed') await mesh.leave()
if (searchParams.has('stir')) setInterval(() => mesh.stir(), 1_000)
