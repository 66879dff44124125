import { Cause, Predicate } from "effect"

/**
 * What a log may show of a failure: its kind and its place in the code. The message is left out, because it may
 * contain parts of the request.
 */
export interface FailureShape {
  readonly error: string
  /** The error's code, if it has one. */
  readonly code?: string
  readonly frames: ReadonlyArray<string>
}

/** How many frames of a stack are shown. */
const framesShownMax = 12

/** The failures of a cause, without their messages. */
export const causeWithoutWords = (cause: Cause.Cause<unknown>): ReadonlyArray<FailureShape> =>
  cause.reasons.flatMap((reason) => {
    if (Cause.isFailReason(reason)) return [withoutWords(reason.error)]
    return Cause.isDieReason(reason) ? [withoutWords(reason.defect)] : []
  })

export function withoutWords(thrown: unknown): FailureShape {
  if (!Predicate.isObject(thrown)) return { error: `a thrown ${typeof thrown}`, frames: [] }
  const code = codeOf(thrown)
  return { error: nameOf(thrown), ...(code === undefined ? {} : { code }), frames: framesOf(thrown) }
}

const isName = (value: unknown): value is string =>
  typeof value === "string" && /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/u.test(value)

const nameOf = (thrown: object): string => {
  const names = ["_tag" in thrown && thrown._tag, "name" in thrown && thrown.name]
  return names.find(isName) ?? "a thrown object"
}

function codeOf(thrown: object): string | undefined {
  if ("code" in thrown && isName(thrown.code)) return thrown.code
  const reason = "reason" in thrown ? thrown.reason : undefined
  return Predicate.hasProperty(reason, "_tag") && isName(reason._tag) ? reason._tag : undefined
}

/**
 * The frames of a stack. A stack begins with the message, and lines of the message may look like frames. So only
 * lines after the message count.
 */
function framesOf(thrown: object): ReadonlyArray<string> {
  if (!("stack" in thrown) || typeof thrown.stack !== "string") return []
  const { stack } = thrown
  const message = "message" in thrown && typeof thrown.message === "string" ? thrown.message : ""
  if (!stack.includes(message)) return []
  return stack
    .slice(stack.indexOf(message) + message.length)
    .split("\n")
    .filter((line) => /^\s+at /u.test(line))
    .slice(0, framesShownMax)
    .map((line) => line.trim())
}
