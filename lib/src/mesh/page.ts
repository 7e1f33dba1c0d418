/**
 * What a page's life means to the mesh. `pagehide`, not `unload`: it also fires on phones, and does
 * not bar the page from the back/forward cache. Outside a page (Node, a server that renders) there
 * is nothing to watch.
 */

export interface PageEvents {
  /** The page is going, for good or into the back/forward cache. Whatever is to be said is said before this returns. */
  onHide(): void
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
  addEventListener('pagehide', () => events.onHide(), { signal })
  addEventListener('pageshow', (event) => event.persisted && events.onRestore(), { signal })
  addEventListener('online', () => events.onStir(), { signal })
  document.addEventListener('visibilitychange', () => events.onStir(), { signal })
  document.addEventListener('resume', () => events.onStir(), { signal })
  return () => stop.abort()
}
