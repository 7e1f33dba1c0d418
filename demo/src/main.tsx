/** The demo: one tab, one peer. */
import { render } from 'preact'
import { readAddress } from './address.ts'
import { App } from './app.tsx'
import { FakeMesh } from './fake-mesh.ts'
import { fishName } from './fish-name.ts'
import { Session } from './session.ts'
import { followTheme } from './theme.ts'
import './style.css'

const address = readAddress(location.href)
const name = address.name ?? fishName(Math.random)
const session = new Session(name, async () => new FakeMesh(address.room, name, 1, Date.now()))

followTheme()
const app = document.querySelector('#app')
if (app) render(<App session={session} address={address} />, app)
await session.enter()
