import { useState } from "react"
import { isLanguage, languageOf } from "./words/language.ts"
import type { Language } from "./words/language.ts"

export const themes = ["auto", "light", "dark"] as const
export type Theme = (typeof themes)[number]

export const isTheme = (text: string | null): text is Theme => themes.some((theme) => theme === text)

/**
 * Reads a choice of the reader from this browser's storage. A browser without storage forgets the choice when the
 * page closes.
 */
function kept(name: string): string | null {
  try {
    return window.localStorage.getItem(name)
  } catch {
    return null
  }
}

function keep(name: string, value: string): void {
  try {
    window.localStorage.setItem(name, value)
  } catch {
    // Without storage, the choice applies while the page is open.
  }
}

export function useLanguageSetting(): readonly [Language, (language: Language) => void] {
  const [language, setLanguage] = useState(() => {
    const chosen = kept("loan-engine.language")
    return isLanguage(chosen) ? chosen : languageOf(navigator.languages)
  })
  document.documentElement.lang = language
  return [
    language,
    (next) => {
      keep("loan-engine.language", next)
      setLanguage(next)
    },
  ]
}

export function useThemeSetting(): readonly [Theme, (theme: Theme) => void] {
  const [theme, setTheme] = useState((): Theme => {
    const chosen = kept("loan-engine.theme")
    return isTheme(chosen) ? chosen : "auto"
  })
  document.documentElement.dataset["theme"] = theme
  return [
    theme,
    (next) => {
      keep("loan-engine.theme", next)
      setTheme(next)
    },
  ]
}
