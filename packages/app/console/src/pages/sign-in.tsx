import { useState } from "react"
import { Icon } from "../parts/icon.tsx"
import { Settings } from "../parts/settings.tsx"
import type { SettingsProps } from "../parts/settings.tsx"
import { useWords } from "../words/language.ts"

export type SignInProblem = "wrong" | "scope" | "unreachable" | "ended"

interface SignInProps {
  readonly settings: SettingsProps
  readonly isChecking: boolean
  readonly problem: SignInProblem | undefined
  readonly signIn: (key: string) => void
}

/** An HTTP header can carry only these characters, so a text with others is not a key of an engine. */
const isPossibleKey = (text: string): boolean => /^[\x21-\x7e]+$/u.test(text)

export function SignIn({ settings, isChecking, problem, signIn }: SignInProps) {
  const words = useWords()
  const [text, setText] = useState("")
  const [isImpossible, setImpossible] = useState(false)
  const shown = isImpossible ? "wrong" : problem
  return (
    <div className="sign-in">
      <main>
        <Icon name="mark" />
        <h1>{words.title}</h1>
        <p className="subtitle">{words.subtitle}</p>
        <form
          onSubmit={(event) => {
            event.preventDefault()
            const key = text.trim()
            setImpossible(!isPossibleKey(key))
            if (isPossibleKey(key)) signIn(key)
          }}
        >
          <label htmlFor="key">{words.signIn.label}</label>
          <input
            id="key"
            type="password"
            autoComplete="off"
            required
            value={text}
            aria-describedby={shown === undefined ? "key-hint" : "key-problem key-hint"}
            aria-invalid={shown !== undefined}
            onChange={(event) => setText(event.target.value)}
          />
          {shown !== undefined && !isChecking && (
            <p id="key-problem" className="notice danger" role="alert">
              {words.signIn[shown]}
            </p>
          )}
          <button className="primary" type="submit" disabled={isChecking}>
            {isChecking ? words.signIn.checking : words.signIn.submit}
          </button>
          <p id="key-hint" className="hint">
            {words.signIn.hint}
          </p>
        </form>
      </main>
      <footer className="foot">
        <Settings {...settings} />
      </footer>
    </div>
  )
}
