import { isNativeError } from "node:util/types"
import type { LogLevel } from "effect"
import { Cause, Layer, Logger, References } from "effect"
import { causeWithoutWords, withoutWords } from "@loan-engine/adapters-http/callback/without-words"
import type { FailureShape } from "@loan-engine/adapters-http/callback/without-words"
import { visibleText } from "../base/visible-text.ts"
import { writeLine } from "./output.ts"

export const logFormats = ["json", "pretty"] as const
type LogFormat = (typeof logFormats)[number]

export const logLevelNames = ["debug", "info", "warn", "error"] as const
type LogLevelName = (typeof logLevelNames)[number]

const logLevels: { readonly [Name in LogLevelName]: LogLevel.LogLevel } = {
  debug: "Debug",
  info: "Info",
  warn: "Warn",
  error: "Error",
}

export interface LogSettings {
  readonly format: LogFormat
  readonly level: LogLevelName
}

/** Writes the log to stderr, one line for each entry. */
export const logLayer = ({ format, level }: LogSettings): Layer.Layer<never> =>
  loggingLayer(level, Logger.withConsoleError(Logger.make((options) => formats[format](logEntry(options)))))

/** Sends the log to a function. A service that embeds the engine has its own log. */
export const logToLayer = (level: LogSettings["level"], log: (entry: LogEntry) => void): Layer.Layer<never> =>
  loggingLayer(
    level,
    Logger.make((options) => {
      const entry = logEntry(options)
      try {
        log(entry)
      } catch (cause) {
        // If the log function throws, the engine's work must not fail. The entry and the failure are written to
        // stderr instead.
        const { error } = withoutWords(cause)
        writeLine("stderr", formats.json(entry))
        writeLine("stderr", formats.json({ ...entry, message: `the log failed: ${error}` }))
      }
    }),
  )

const loggingLayer = (
  level: LogSettings["level"],
  logger: Logger.Logger<unknown, void>,
): Layer.Layer<never> =>
  Layer.mergeAll(Logger.layer([logger]), Layer.succeed(References.MinimumLogLevel, logLevels[level]))

/** The longest text that is logged as one value, in UTF-16 code units. */
const valueCharactersMax = 1_024

/** One entry of the log: what happened, and to what. It contains no body, no credentials and no personal data. */
export interface LogEntry {
  readonly timestamp: string
  readonly level: string
  readonly message: string
  readonly fields: Readonly<Record<string, string | number | boolean>>
  readonly errors: ReadonlyArray<FailureShape>
}

/**
 * Makes a log entry. Texts, numbers and flags are logged as they are. Of a failure, only its kind and its place are
 * logged. Any other value is left out, because it may contain what somebody sent.
 */
function logEntry({ cause, date, fiber, logLevel, message }: Logger.Options<unknown>): LogEntry {
  const parts = Array.isArray(message) ? message : [message]
  const errors = parts.flatMap((part) =>
    Cause.isCause(part) ? causeWithoutWords(part) : isNativeError(part) ? [withoutWords(part)] : [],
  )
  const fields: Record<string, string | number | boolean> = {}
  for (const [name, value] of Object.entries(fiber.getRef(References.CurrentLogAnnotations))) {
    if (isPlain(value) && !Object.hasOwn(ownFields, name)) fields[name] = shortened(value)
  }
  return {
    timestamp: date.toISOString(),
    level: logLevel.toLowerCase(),
    message: parts.filter(isPlain).map(shortened).join(" "),
    fields,
    errors: [...errors, ...causeWithoutWords(cause)],
  }
}

const ownFields = { timestamp: true, level: true, message: true, errors: true }

const isPlain = (value: unknown): value is string | number | boolean =>
  typeof value === "string" || typeof value === "number" || typeof value === "boolean"

const shortened = <Value extends string | number | boolean>(value: Value) =>
  typeof value === "string" ? value.slice(0, valueCharactersMax) : value

const formats: { readonly [Format in LogFormat]: (entry: LogEntry) => string } = {
  json: ({ timestamp, level, message, fields, errors }) =>
    visibleText(
      JSON.stringify({ timestamp, level, message, ...fields, ...(errors.length === 0 ? {} : { errors }) }),
    ),
  pretty: ({ timestamp, level, message, fields, errors }) => {
    const told = Object.entries(fields).map(
      ([name, value]) => `${name}=${visibleText(JSON.stringify(value))}`,
    )
    const line = [timestamp.slice(11, 23), level.toUpperCase().padEnd(5), visibleText(message), ...told].join(
      " ",
    )
    return [line, ...errors.flatMap(prettyFailure)].join("\n")
  },
}

const prettyFailure = ({ error, code, frames }: FailureShape): ReadonlyArray<string> => [
  `    ${error}${code === undefined ? "" : ` (${code})`}`,
  ...frames.map((frame) => `      ${frame}`),
]
