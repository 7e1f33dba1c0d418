/** Many Node peers, a few to a process, which can be killed: then all of them crash at once. */
import { Child } from './child.ts'

export interface FleetPeer {
  readonly id: string
  /** Members that are alive in its view, itself included. */
  readonly alive: number
  readonly links: number
  /** Neighbours on its rings that it has no link to. */
  readonly unlinked: readonly string[]
  readonly signalingFramesSent: number
  /** Since it joined. */
  readonly linksOpened: number
}

export interface Failure {
  readonly observer: string
  readonly peer: string
  readonly at: number
}

interface Heard {
  readonly id: string
  readonly messages: readonly { readonly from: string; readonly data: unknown }[]
}

export class Fleet {
  readonly #children: Child[] = []
  ids: readonly string[] = []

  /** One more process of so many peers, which join all at once. */
  async add(room: string, count: number, signaling: string): Promise<void> {
    const child = new Child(new URL('fleet-process.mjs', import.meta.url))
    this.#children.push(child)
    this.ids = [...this.ids, ...(await answerOf<string[]>(child, 'join', room, count, { signaling }))]
  }

  look(): Promise<readonly FleetPeer[]> {
    return this.#askAll('look')
  }

  failures(): Promise<readonly Failure[]> {
    return this.#askAll('failures')
  }

  heard(): Promise<readonly Heard[]> {
    return this.#askAll('heard')
  }

  /** As a power cut ends them. */
  async kill(): Promise<void> {
    await Promise.all(this.#children.map((child) => child.kill()))
  }

  async #askAll<T>(what: string): Promise<T[]> {
    return (await Promise.all(this.#children.map((child) => answerOf<T[]>(child, what)))).flat()
  }
}

async function answerOf<T>(child: Child, what: string, ...args: readonly unknown[]): Promise<T> {
  const { value, code, message } = await child.ask(what, ...args)
  if (code !== undefined) throw new Error(`the fleet could not ${what}: ${code} ${message}\n${child.output}`)
  return value as T
}
