/** Light or dark: the system's choice until the visitor makes one, which this browser then remembers. */
import { signal } from '@preact/signals'

export type Theme = 'light' | 'dark'

const storageKey = 'shoal-theme'
const system = matchMedia('(prefers-color-scheme: dark)')

export const theme = signal<Theme>(remembered() ?? systemTheme())

export function followTheme(): void {
  system.addEventListener('change', () => {
    if (remembered() === undefined) theme.value = systemTheme()
  })
  theme.subscribe((value) => (document.documentElement.dataset.theme = value))
}

export function toggleTheme(): void {
  theme.value = theme.value === 'dark' ? 'light' : 'dark'
  try {
    localStorage.setItem(storageKey, theme.value)
  } catch {
    // Storage is shut in some private windows: then the choice lasts as long as the page.
  }
}

function systemTheme(): Theme {
  return system.matches ? 'dark' : 'light'
}

function remembered(): Theme | undefined {
  try {
    const value = localStorage.getItem(storageKey)
    return value === 'light' || value === 'dark' ? value : undefined
  } catch {
    return undefined
  }
}
