/** A name for somebody who has not given one. */

const manners = [
  'Brisk',
  'Calm',
  'Curious',
  'Dappled',
  'Drowsy',
  'Gentle',
  'Glassy',
  'Golden',
  'Hasty',
  'Humble',
  'Lucky',
  'Merry',
  'Nimble',
  'Patient',
  'Quiet',
  'Rosy',
  'Shy',
  'Silver',
  'Sunlit',
  'Swift',
  'Tidal',
  'Velvet',
  'Wandering',
  'Wry',
]

const fishes = [
  'Anchovy',
  'Barbel',
  'Blenny',
  'Bream',
  'Capelin',
  'Char',
  'Cod',
  'Dace',
  'Garfish',
  'Goby',
  'Gurnard',
  'Haddock',
  'Hake',
  'Herring',
  'Loach',
  'Mackerel',
  'Minnow',
  'Mullet',
  'Perch',
  'Pilchard',
  'Pollock',
  'Roach',
  'Sardine',
  'Smelt',
  'Sprat',
  'Tench',
  'Turbot',
  'Whiting',
  'Wrasse',
]

/** `random` gives numbers in [0, 1). */
export function fishName(random: () => number): string {
  const pick = (words: readonly string[]) => words[Math.floor(random() * words.length)] ?? ''
  return `${pick(manners)} ${pick(fishes)}`
}
