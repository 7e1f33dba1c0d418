/** The demo: one tab, one peer. */
import { render } from 'preact'
import { linkWith, readAddress } from './address.ts'
import { App } from './app.tsx'
import { fishName } from './fish-name.ts'
import { join, type Mesh } from './mesh.ts'
import { Session } from './session.ts'
import { followTheme } from './theme.ts'
import './style.css'

declare global {
  interface Window {
    /** The mesh that this tab is in, for the console; undefined while it is in none. */
    mesh: Mesh | undefined
  }
}

const address = readAddress(location.href)
// The room is always in the address, so that copying it from the browser's own bar invites to the same room.
history.replaceState(history.state, '', linkWith(location.href, { room: address.room }))

const { room, signaling, zone } = address
const session = new Session(address.name ?? fishName(Math.random), (name, signal) =>
  join(room, { signaling, metadata: { name }, signal, ...(zone === undefined ? {} : { zone }) }),
)
session.phase.subscribe((phase) => (window.mesh = phase.kind === 'in' ? phase.mesh : undefined))

followTheme()
const app = document.querySelector('#app')
if (app) render(<App session={session} address={address} />, app)
await session.enter()
