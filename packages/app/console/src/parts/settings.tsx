import { isTheme, themes } from "../settings.ts"
import type { Theme } from "../settings.ts"
import { isLanguage, useWords, words as catalogue } from "../words/language.ts"
import type { Language } from "../words/language.ts"

export interface SettingsProps {
  readonly language: Language
  readonly setLanguage: (language: Language) => void
  readonly theme: Theme
  readonly setTheme: (theme: Theme) => void
}

const languages = Object.keys(catalogue).filter((name) => isLanguage(name))

/** The language and the colours of the console. */
export function Settings({ language, setLanguage, theme, setTheme }: SettingsProps) {
  const words = useWords()
  return (
    <div className="settings">
      <label>
        <span>{words.languageLabel}</span>
        <select
          value={language}
          onChange={({ target }) => {
            if (isLanguage(target.value)) setLanguage(target.value)
          }}
        >
          {languages.map((each) => (
            <option key={each} value={each} lang={each}>
              {catalogue[each].language}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span>{words.themeLabel}</span>
        <select
          value={theme}
          onChange={({ target }) => {
            if (isTheme(target.value)) setTheme(target.value)
          }}
        >
          {themes.map((each) => (
            <option key={each} value={each}>
              {words.theme[each]}
            </option>
          ))}
        </select>
      </label>
    </div>
  )
}
