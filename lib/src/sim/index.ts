/**
 * The product's own core and pipeline in a world from a seed: for experiments with the protocol, and
 * for testing an application's assumptions about it.
 */
export type { Actor, ActorHost, MakeActor } from './actor.ts'
export { viewDifference } from './checkers.ts'
export type { Checker } from './checkers.ts'
export { conditionDefaults, Experiment } from './experiment.ts'
export type { Conditions, Outcome, Scenario } from './experiment.ts'
export { Figures, spread } from './figures.ts'
export type { Spread } from './figures.ts'
export { liar, liarNames } from './liars.ts'
export type { Liar, LiarName } from './liars.ts'
export { networkDefaults } from './network.ts'
export type { NetworkOptions } from './network.ts'
export type { SimPeer } from './peer.ts'
export { population } from './population.ts'
export { Prng } from './prng.ts'
export { scenarios } from './scenarios/index.ts'
export { World } from './world.ts'
export type { Observer, WorldOptions } from './world.ts'
