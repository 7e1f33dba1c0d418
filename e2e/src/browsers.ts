/**
 * The browsers of the tests: a real Chromium, and Firefox as people have it. Headless, and with the
 * few settings without which peers on one machine do not see each other's addresses.
 */
import { type Browser, type Page, chromium, firefox } from 'playwright'
import { type BrowserName, findBrowser } from '../browsers.mjs'

export { type BrowserName, browserNames } from '../browsers.mjs'

function found(name: BrowserName): NonNullable<ReturnType<typeof findBrowser>> {
  const browser = findBrowser(name)
  if (browser === undefined) throw new Error(`No ${name} here. \`npm test\` installs one.`)
  return browser
}

/** The caller closes it. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: found('chromium').path,
    headless: true,
    args: [
      // Chromium refuses to run sandboxed as root, which is what a container is.
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      // Headless, every tab paints as if it were in front, and without a GPU; of a person's tabs one does.
      '--force-prefers-reduced-motion',
      // Host candidates as addresses, not as mDNS names that nobody on a bare machine resolves.
      '--disable-features=WebRtcHideLocalIpsWithMdns',
    ],
  })
}

/** The caller closes it. */
export function launchFirefox(): Promise<Browser> {
  const { path, from } = found('firefox')
  return firefox.launch({
    // Playwright's own build speaks Playwright's protocol; a stock Firefox is driven over WebDriver BiDi.
    ...(from === 'playwright' ? {} : { channel: 'moz-firefox' }),
    executablePath: path,
    headless: true,
    firefoxUserPrefs: {
      'media.peerconnection.ice.obfuscate_host_addresses': false,
      'media.peerconnection.ice.loopback': true,
      'ui.prefersReducedMotion': 1,
    },
  })
}

export const launch: Readonly<Record<BrowserName, () => Promise<Browser>>> = {
  chromium: launchChromium,
  firefox: launchFirefox,
}

/**
 * Ends a Chromium page as a crash does: at once, with no unload handler run. Resolves when the page
 * is known to be gone.
 */
export async function crash(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page)
  const gone = new Promise<void>((resolve) => page.once('crash', () => resolve()))
  // Never answered: who would answer is gone.
  session.send('Page.crash').catch(() => {})
  await gone
}

/** Freezes a Chromium page as the browser does with one long hidden, and thaws it again. */
export async function setFrozen(page: Page, frozen: boolean): Promise<void> {
  const session = await page.context().newCDPSession(page)
  await session.send('Page.setWebLifecycleState', { state: frozen ? 'frozen' : 'active' })
  await session.detach()
}

/**
 * Stops or continues every renderer of a Chromium, as a suspended machine or a busy one would: nothing
 * in its pages runs, Workers included, which a page that is only frozen may go on running.
 */
export async function signalRenderers(browser: Browser, signal: 'SIGSTOP' | 'SIGCONT'): Promise<void> {
  const session = await browser.newBrowserCDPSession()
  const { processInfo } = await session.send('SystemInfo.getProcessInfo')
  for (const { type, id } of processInfo) if (type === 'renderer') process.kill(id, signal)
  await session.detach()
}
