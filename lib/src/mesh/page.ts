/**
 * What a page's life means to the mesh. `pagehide` rather than `unload`: it also fires on phones, and does
 * not bar the page from the back/forward cache. Outside a page (Node, a server that renders) there
 * is nothing to watch.
 */

export interface PageEvents {
  /** The page is going, for good or into the back/forward cache. Whatever is to be said is said before this returns. */
  onHide(): void
  /** The last that a page of Firefox hears; never in other browsers. `said`: `onHide` has returned. */
  onUnload(said: boolean): void
  /** The page is back from the back/forward cache; its connections are dead. */
  onRestore(): void
  /** Shown, hidden, thawed, or back on the network: a good moment to look at the clock. */
  onStir(): void
}

/** Starts watching; answers what stops it. */
export function watchPage(events: PageEvents): () => void {
  if (typeof document === 'undefined' || typeof addEventListener === 'undefined') return () => {}
  const stop = new AbortController()
  const { signal } = stop
  let hidden = false
  const hide = (): void => {
    if (!hidden) events.onHide()
    hidden = true
  }
  addEventListener('pagehide', hide, { signal })
  const unload = (): void => events.onUnload(hidden)
  if (isFirefox()) addEventListener('unload', unload, { signal })
  const show = (event: PageTransitionEvent): void => {
    if (!event.persisted) return
    hidden = false
    events.onRestore()
  }
  addEventListener('pageshow', show, { signal })
  addEventListener('online', () => events.onStir(), { signal })
  document.addEventListener('visibilitychange', () => events.onStir(), { signal })
  document.addEventListener('resume', () => events.onStir(), { signal })
  return () => stop.abort()
}

/**
 * Firefox ESR 153 aborts whatever script runs at some moment while it closes a tab, with no exception and no `finally`:
 * in 29 of 100 closes a handler of `pagehide` was not run or not run to its end, those of `unload` always were (measured:
 * `npm run bench:farewell`). Elsewhere `pagehide` is enough, and `unload` would bar the page from the back/forward
 * cache; in Firefox an open connection does that already.
 */
function isFirefox(): boolean {
  return /\bFirefox\//.test(globalThis.navigator?.userAgent ?? '')
}
