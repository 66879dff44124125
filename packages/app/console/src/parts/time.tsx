import { dateTime, relative, timeOfDay } from "../format.ts"
import { useNow } from "../now.ts"
import { useLanguage } from "../words/language.ts"

/** An instant in the reader's language and time zone; in UTC when it is pointed at. */
export function Time({ at, only }: { at: string; only?: "time" }) {
  const language = useLanguage()
  return (
    <time dateTime={at} title={at}>
      {only === "time" ? timeOfDay(language, at) : dateTime(language, at)}
    </time>
  )
}

/** How far an instant is away. */
export function Distance({ to }: { to: string }) {
  const language = useLanguage()
  const now = useNow()
  return (
    <time dateTime={to} title={to}>
      {relative(language, to, now)}
    </time>
  )
}
