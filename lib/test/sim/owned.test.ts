/** Rooms with an owner, among liars whom nobody let in. */
import { expect, it } from 'vitest'
import { liar, liarNames, networkDefaults, population, type SimPeer, World } from 'shoal/sim'

it.each(liarNames)(
  'members with capabilities hold no liar without one to be here, and nobody honest dead: %s',
  (name) => {
    const world = new World({
      seed: `owned ${name}`,
      population: population({ crypto: 'fast', swim: {}, oldLeases: undefined, owned: true }),
      network: networkDefaults,
      clockSkewMs: 500,
    })
    const failed: string[] = []
    const honest: SimPeer[] = Array.from({ length: 16 }, () => world.spawn())
    const liars: SimPeer[] = Array.from({ length: 4 }, () => world.spawn({ liar: liar(name) }))
    world.observe({
      onNotify(peer, event) {
        if (peer.liar === undefined && (event.type === 'member-failed' || event.type === 'member-joined'))
          if (event.type === 'member-failed' || liars.some(({ id }) => id === event.member.id))
            failed.push(`${event.type} ${event.member.id} at ${peer.index}`)
      },
      onInput(peer, input) {
        // Whoever is honest checks a proof before passing it on: so it is a liar's own link that it came over.
        if (input.type !== 'refused' || !input.blame || peer.liar !== undefined) return
        if (peer.ends.get(input.link)?.other.peer.liar === undefined)
          failed.push(`${peer.index} blames for ${input.code}`)
      },
    })
    world.runFor(60_000)
    expect(failed).toEqual([])
    const everybody = honest.map(({ id }) => id).sort()
    for (const { machine } of honest) expect([...machine.present()].sort()).toEqual(everybody)
  },
)
