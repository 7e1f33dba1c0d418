/** The real demo in a tab of a real browser. */
import type { Browser, BrowserContext, Page } from 'playwright'
import { crash } from './browsers.ts'
import { eventually } from './eventually.ts'
import type { Mesh } from 'shoal'
import type { Answer, MemberNote, Noted, Peer } from './peer.ts'
import { ask, membersOf, record, recordPage } from './recorder.mjs'

declare global {
  interface Window {
    mesh: Mesh | undefined
    notes: Noted[]
    troubles: string[]
    ask: typeof ask
    membersOf: typeof membersOf
  }
}

/** A row of the demo's member table. */
export interface Row {
  readonly id: string
  readonly status: string
  readonly linked: boolean
  readonly text: string
}

export class Tab implements Peer {
  readonly kind: 'chromium' | 'firefox'
  readonly name: string
  readonly page: Page
  readonly #context: BrowserContext
  readonly #troubles: string[] = []
  #id = ''

  private constructor(kind: Tab['kind'], name: string, context: BrowserContext, page: Page) {
    this.kind = kind
    this.name = name
    this.#context = context
    this.page = page
    // Stock Firefox counts every socket that does not open among a page's errors, with no way to tell them
    // apart; there, what the page's own listeners hear must do.
    if (kind === 'chromium') page.on('pageerror', (error) => this.#troubles.push(`page error: ${error.message}`))
  }

  /** Opens the page, and answers before it has joined. */
  static async open(browser: Browser, kind: Tab['kind'], name: string, url: string, before?: () => void): Promise<Tab> {
    // A context each: then each tab has a process, and one that crashes takes nobody along.
    const context = await browser.newContext()
    const page = await context.newPage()
    const tab = new Tab(kind, name, context, page)
    const helpers = [record, membersOf, ask].map((helper) => `globalThis.${helper.name} = ${String(helper)}`)
    await page.addInitScript({ content: `${helpers.join('\n')}\n;(${String(recordPage)})()` })
    if (before !== undefined) await page.addInitScript(before)
    await page.goto(url)
    return tab
  }

  get id(): string {
    return this.#id
  }

  /** Resolves when the page is in its mesh. */
  joined(): Promise<this> {
    return this.#joined(() => Promise.resolve())
  }

  /** The same beside so many peers that the server may keep a page waiting: what the page then offers is taken, as people would. */
  joinedAtLast(): Promise<this> {
    const again = this.page.getByRole('button', { name: 'Try again' })
    return this.#joined(async () => {
      if (await again.isVisible()) await again.click()
    })
  }

  async #joined(meanwhile: () => Promise<void>): Promise<this> {
    try {
      this.#id = await eventually(`${this.name} to join`, async () => {
        await meanwhile()
        return this.page.evaluate(() => window.mesh?.id ?? '')
      })
    } catch (error) {
      const shown = await this.page.evaluate(() => document.body.innerText)
      const troubles = (await this.troubles()).join('\n')
      throw new Error(`${String(error)}\nthe page shows:\n${shown}\n${troubles}`, { cause: error })
    }
    return this
  }

  members(): Promise<Record<string, MemberNote>> {
    return this.page.evaluate(() => (window.mesh === undefined ? {} : window.membersOf(window.mesh)))
  }

  notes(): Promise<readonly Noted[]> {
    return this.page.evaluate(() => window.notes)
  }

  call(method: string, ...args: readonly unknown[]): Promise<Answer> {
    return this.page.evaluate(([name, given]) => window.ask(window.mesh!, name, given), [method, [...args]] as [
      string,
      unknown[],
    ])
  }

  async troubles(): Promise<readonly string[]> {
    if (this.page.isClosed() || this.#gone) return this.#troubles
    return [...this.#troubles, ...(await this.page.evaluate(() => window.troubles))]
  }

  /** What a visitor reads in the table of members. */
  rows(): Promise<Row[]> {
    return this.page.getByTestId('member').evaluateAll((rows) =>
      rows.map((row) => ({
        id: row.getAttribute('data-peer-id') ?? '',
        status: row.getAttribute('data-status') ?? '',
        linked: row.getAttribute('data-linked') === 'true',
        text: row.textContent ?? '',
      })),
    )
  }

  /** As a visitor closes a tab: its handlers run. */
  async closeTab(): Promise<void> {
    this.#gone = true
    await this.page.close({ runBeforeUnload: true })
    await eventually('the tab to be closed', () => this.page.isClosed())
  }

  /** As a renderer ends that crashes: no handler runs. */
  async crash(): Promise<void> {
    this.#gone = true
    await crash(this.page)
  }

  async close(): Promise<void> {
    await this.#context.close()
  }

  #gone = false
}
