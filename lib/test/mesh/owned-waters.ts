/** What tests of rooms with an owner begin with: an owner, three keys, and what lets them in. */
import { seedSigner } from '../../src/identity/ed25519.ts'
import type { PeerId } from '../../src/identity/peer-id.ts'
import {
  issueCapability,
  makeOwnerKey,
  type OwnerKey,
  revokeCapabilities,
  type RevocationsOptions,
  type Right,
} from '../../src/mesh/capabilities.ts'
import type { Ownership } from '../../src/mesh/join-options.ts'
import type { Waters } from './waters.ts'

const signer = (n: number) => seedSigner(new Uint8Array(32).fill(n))
export const [ada, bob, eve, dan] = [signer(1), signer(2), signer(3), signer(4)]
export const ownerKey = await makeOwnerKey()
export const hour = 3_600_000

export interface Pass {
  readonly identity: typeof ada
  readonly admission: Ownership
}

export interface PassOptions extends Partial<Ownership> {
  readonly rights?: readonly Right[]
  readonly ms?: number
  readonly renews?: string
  readonly under?: string
  readonly of?: OwnerKey
}

/** What lets `who` in, for an hour from when the waters' clock stands now. */
export async function pass(waters: Waters, who: typeof ada, options: PassOptions = {}): Promise<Pass> {
  const { rights, ms = hour, renews, under, of = ownerKey, ...more } = options
  const from = waters.time.host().wall()
  const wish = { ...of, room: 'lobby', to: who.peerId, from, until: from + ms }
  const capability = await issueCapability({
    ...wish,
    ...(rights === undefined ? {} : { rights }),
    ...(renews === undefined ? {} : { renews }),
    ...(under === undefined ? {} : { under }),
  })
  return { identity: who, admission: { owner: ownerKey.owner, capability, ...more } }
}

/** The owner takes back what these hold, as of now. */
export function takeBack(
  waters: Waters,
  what: Partial<RevocationsOptions> & {
    readonly of?: OwnerKey
    readonly ms?: number
    readonly members?: readonly PeerId[]
  },
): Promise<string> {
  const { of = ownerKey, ms = hour, ...more } = what
  const from = waters.time.host().wall()
  return revokeCapabilities({ secret: of.secret, room: 'lobby', from, until: from + ms, ...more })
}
