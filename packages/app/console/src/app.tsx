import { useCallback, useEffect, useState } from "react"
import { Frame } from "./frame.tsx"
import { forgetKey, storedKey, storeKey } from "./key-storage.ts"
import { clientWith, isKeyRefused, SessionContext } from "./session.ts"
import type { Session } from "./session.ts"
import { useLanguageSetting, useThemeSetting } from "./settings.ts"
import { asApiError } from "./loaded.ts"
import { SignIn } from "./pages/sign-in.tsx"
import type { SignInProblem } from "./pages/sign-in.tsx"
import { LanguageContext } from "./words/language.ts"

/** The states: signed out, checking a key, signed in. */
type State =
  | { readonly is: "out"; readonly problem: SignInProblem | undefined }
  | { readonly is: "checking"; readonly key: string }
  | { readonly is: "in"; readonly session: Session }

const begin = (): State => {
  const key = storedKey()
  return key === null ? { is: "out", problem: undefined } : { is: "checking", key }
}

export function App() {
  const [language, setLanguage] = useLanguageSetting()
  const [theme, setTheme] = useThemeSetting()
  const [state, setState] = useState(begin)

  const signOut = useCallback((problem?: SignInProblem) => {
    forgetKey()
    setState({ is: "out", problem })
  }, [])

  useEffect(() => {
    if (state.is !== "checking") return
    let isAwaited = true
    const client = clientWith(state.key)
    client.key().then(
      (key) => {
        if (!isAwaited) return
        storeKey(state.key)
        const refused = (): void => signOut("ended")
        setState({ is: "in", session: { client, key, feed: client.watchChanges(), refused } })
      },
      (error: unknown) => {
        if (isAwaited) signOut(signInProblem(error))
      },
    )
    return () => {
      isAwaited = false
    }
  }, [state, signOut])

  const settings = { language, setLanguage, theme, setTheme }
  return (
    <LanguageContext value={language}>
      {state.is === "in" ? (
        <SessionContext value={state.session}>
          <Frame settings={settings} signOut={() => signOut()} />
        </SessionContext>
      ) : (
        <SignIn
          settings={settings}
          isChecking={state.is === "checking"}
          problem={state.is === "out" ? state.problem : undefined}
          signIn={(key) => setState({ is: "checking", key })}
        />
      )}
    </LanguageContext>
  )
}

function signInProblem(error: unknown): SignInProblem {
  const refusal = asApiError(error)
  if (isKeyRefused(refusal)) return "wrong"
  return refusal.problem?.code === "scope-missing" ? "scope" : "unreachable"
}
