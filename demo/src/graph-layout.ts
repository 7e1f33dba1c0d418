/**
 * Where each fish swims. A force layout that keeps the places of those who stay when others come
 * and go, kept inside the picture, and stepped by whoever draws it.
 */
import {
  forceCollide,
  forceLink,
  forceManyBody,
  forceSimulation,
  forceX,
  forceY,
  type Simulation,
  type SimulationLinkDatum,
  type SimulationNodeDatum,
} from 'd3-force'
import type { PeerId } from './mesh.ts'

export interface Place extends SimulationNodeDatum {
  readonly id: PeerId
  x: number
  y: number
}

export interface Line {
  readonly key: string
  readonly a: PeerId
  readonly b: PeerId
  readonly kind: 'open' | 'wanted' | 'other'
}

type Spring = SimulationLinkDatum<Place>

export class GraphLayout {
  readonly places = new Map<PeerId, Place>()
  readonly #simulation: Simulation<Place, Spring>
  readonly #links = forceLink<Place, Spring>().id(({ id }) => id)
  readonly #charge = forceManyBody<Place>()
  readonly #collide = forceCollide<Place>()
  readonly #x = forceX<Place>()
  readonly #y = forceY<Place>()
  #width = 1
  #height = 1

  constructor() {
    // d3 would run its own timer; the drawing asks for each step instead.
    this.#simulation = forceSimulation<Place, Spring>()
      .force('links', this.#links)
      .force('charge', this.#charge)
      .force('collide', this.#collide)
      .force('x', this.#x)
      .force('y', this.#y)
      .velocityDecay(0.35)
      // At rest after some 150 frames: a page that swims all the time is a page that costs all the time.
      .alphaDecay(0.04)
      .stop()
  }

  /** Takes the new picture. Only a change of who or what is linked warms the water. */
  set(ids: readonly PeerId[], self: PeerId, lines: readonly Line[], width: number, height: number): void {
    this.#width = width
    this.#height = height
    for (const id of this.places.keys()) if (!ids.includes(id)) this.places.delete(id)
    ids.forEach((id, i) => {
      if (this.places.has(id)) return
      if (id === self) {
        this.places.set(id, { id, x: width / 2, y: height / 2 })
        return
      }
      const angle = i * goldenAngle
      const x = width / 2 + Math.cos(angle) * width * 0.3
      const y = height / 2 + Math.sin(angle) * height * 0.3
      this.places.set(id, { id, x, y })
    })
    // Room for one fish with its name: the picture shared out among all.
    const room = Math.sqrt((width * height) / Math.max(ids.length, 3))
    this.#charge.strength(-room * 1.6).distanceMax(room * 4)
    this.#collide.radius(Math.min(46, room * 0.42)).strength(0.9)
    this.#links.distance(room * 0.95).strength(ids.length <= 9 ? 0.06 : 0.05)
    // Everybody leans to the middle, least along the longer side; we ourselves stay in it.
    const lean = (across: number, along: number) => (place: Place) =>
      place.id === self ? 0.3 : 0.05 * Math.min(1, across / along)
    this.#x.x(width / 2).strength(lean(height, width))
    this.#y.y(height / 2).strength(lean(width, height))
    this.#simulation.nodes([...this.places.values()])
    this.#links.links(lines.map(({ a, b }) => ({ source: a, target: b })))
    this.#simulation.alpha(Math.max(this.#simulation.alpha(), 0.5))
  }

  /** One step. False when everything has come to rest. */
  step(): boolean {
    if (this.#simulation.alpha() < this.#simulation.alphaMin()) return false
    this.#simulation.tick()
    for (const place of this.places.values()) {
      place.x = clamp(place.x, marginX, this.#width - marginX)
      place.y = clamp(place.y, marginTop, this.#height - marginBottom)
    }
    return true
  }

  /** All steps at once, for those who asked for less motion. */
  settle(): void {
    while (this.step());
  }
}

const goldenAngle = Math.PI * (3 - Math.sqrt(5))
/** Half a fish with its name, so that nothing is cut off at the edge. */
const marginX = 50
const marginTop = 30
const marginBottom = 44

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), Math.max(low, high))
}
