import { dateTime, relative, timeOfDay } from "../format.ts"
import { useNow } from "../now.ts"
import { useLanguage } from "../words/language.ts"

/** An instant in the reader's language and time zone. Its tooltip shows it in UTC. */
export function Time({ at, only }: { at: string; only?: "time" }) {
  const language = useLanguage()
  return (
    <time dateTime={at} title={at}>
      {only === "time" ? timeOfDay(language, at) : dateTime(language, at)}
    </time>
  )
}

/**
 * How far an instant is from now. The console's time is a few seconds old, so a past event could look as if it were
 * in the future. `isPast` prevents this.
 */
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
