/** A member of a room with an owner: says who it is, and enters with what it is given. */
import { join, loadIdentity, type Mesh } from '../../lib/dist/mesh/index.js'

declare global {
  interface Window {
    /** Our id, for whoever signs. */
    whoAmI(): Promise<string>
    enter(room: string, signaling: string, owner: string, capability: string): Promise<void>
    entered: Mesh
    /** What happened, as `type` and the id or code that it is about. */
    happened: string[]
  }
}

window.happened = []
window.whoAmI = async () => (await loadIdentity()).peerId
window.enter = async (room, signaling, owner, capability) => {
  const admission = { owner: owner as Mesh['id'], capability }
  const mesh = await join(room, { signaling, identity: await loadIdentity(), admission })
  window.entered = mesh
  for (const type of ['member-revoked', 'member-failed', 'member-left'] as const)
    mesh.addEventListener(type, ({ detail }) => window.happened.push(`${type} ${detail.member.id}`))
  for (const type of ['link-closed', 'closed'] as const)
    mesh.addEventListener(type, ({ detail }) => window.happened.push(`${type} ${detail.code}`))
}
