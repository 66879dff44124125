import { createContext, use } from "react"
import { da } from "./da.ts"
import { en } from "./en.ts"
import type { Words } from "./en.ts"
import { fi } from "./fi.ts"
import { nb } from "./nb.ts"
import { sv } from "./sv.ts"

export const words = { en, sv, nb, da, fi } satisfies Readonly<Record<string, Words>>
export type Language = keyof typeof words

export const isLanguage = (text: string | null | undefined): text is Language =>
  text !== null && text !== undefined && Object.hasOwn(words, text)

/** The first of the reader's preferred languages that the console has. `no` and `nn` count as `nb`. */
export function languageOf(preferred: ReadonlyArray<string>): Language {
  for (const tag of preferred) {
    const [primary = ""] = tag.toLowerCase().split("-")
    const known = primary === "no" || primary === "nn" ? "nb" : primary
    if (isLanguage(known)) return known
  }
  return "en"
}

export const LanguageContext = createContext<Language>("en")

export const useLanguage = (): Language => use(LanguageContext)
export const useWords = (): Words => words[use(LanguageContext)]
