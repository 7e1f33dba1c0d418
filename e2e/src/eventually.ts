/** Waiting for what must come: no test sleeps, each names what it waits for. */

/**
 * Far more than anything here takes, even on a busy machine where a peer was wrongly accused a moment
 * before: its accusers then keep silent for 30 s. Whoever waits longer has hung.
 */
const ceilingMs = 75_000

/**
 * Resolves with the first answer for which `holds` is true. When the ceiling is reached it throws, and
 * shows the last answer.
 */
export async function eventually<T>(
  what: string,
  look: () => T | Promise<T>,
  holds: (answer: T) => boolean = Boolean,
  pollMs = 40,
): Promise<T> {
  const deadline = performance.now() + ceilingMs
  for (;;) {
    const answer = await look()
    if (holds(answer)) return answer
    if (performance.now() > deadline) {
      throw new Error(`waited in vain for ${what}; last seen: ${JSON.stringify(answer, undefined, 1)}`)
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs))
  }
}
