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

/** How far an instant is away. Our clock is a little behind: what has happened is never told as still to come. */
export function Distance({ to, isPast }: { to: string; isPast: boolean }) {
  const language = useLanguage()
  const clock = useNow()
  const at = Date.parse(to)
  const now = isPast ? Math.max(clock, at) : Math.min(clock, at)
  return (
    <time dateTime={to} title={to}>
      {relative(language, to, now)}
    </time>
  )
}
