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
 * The distance of an instant from now. Our clock is a little behind, so a past event is never shown as a future one.
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
