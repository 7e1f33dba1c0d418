/**
 * Time as the rooms above the wall know it: a number handed in, never a clock that is read.
 *
 * Two scales never mix. `Millis` is the driver's monotonic clock, for deadlines and intervals.
 * `WallMillis` is calendar time since 1970, for what crosses the wire: issue times and leases.
 * The core is told the distance between them (`{ type: 'clock' }`) and converts at one place.
 */

declare const millisBrand: unique symbol
declare const wallBrand: unique symbol

/** Milliseconds on the driver's monotonic clock; zero is wherever the driver put it. */
export type Millis = number & { readonly [millisBrand]: 'Millis' }

/** Milliseconds since 1970-01-01 UTC. */
export type WallMillis = number & { readonly [wallBrand]: 'WallMillis' }
