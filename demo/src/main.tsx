/** The demo: one tab, one peer. */
import { render } from 'preact'
import { linkWith, readAddress } from './address.ts'
import { App } from './app.tsx'
import { fishName } from './fish-name.ts'
import { join, type Mesh, readRoomLink } from './mesh.ts'
import { Session } from './session.ts'
import { followTheme } from './theme.ts'
import './style.css'

declare global {
  interface Window {
    /** The mesh that this tab is in, for the console; undefined while it is in none. */
    mesh: Mesh | undefined
  }
}

/** A room with a secret stands, with it, in the fragment, which no server gets to see. */
const invitation = readRoomLink(location.href)
const address = { ...readAddress(location.href), ...(invitation && { room: invitation.room }) }
// The room is always in the address, so that copying it from the browser's own bar invites to the same room.
if (!invitation) history.replaceState(history.state, '', linkWith(location.href, { room: address.room }))

const { room, signaling, zone } = address
const secret = invitation && { secret: invitation.secret }
const session = new Session(address.name ?? fishName(Math.random), (name, signal) =>
  join(room, { signaling, metadata: { name }, signal, ...secret, ...(zone === undefined ? {} : { zone }) }),
)
session.phase.subscribe((phase) => (window.mesh = phase.kind === 'in' ? phase.mesh : undefined))

followTheme()
const app = document.querySelector('#app')
if (app) render(<App session={session} address={address} />, app)
await session.enter()
