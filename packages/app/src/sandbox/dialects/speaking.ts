import { Effect, Random } from "effect"
import type { Dialect, Spoken } from "./dialect.ts"
import { composed } from "./dialect.ts"
import { jsonDialects } from "./json-dialects.ts"
import { xmlDialects } from "./xml-dialects.ts"

/** Every dialect that the engine understands. */
export const dialects: ReadonlyArray<Dialect> = [...jsonDialects, ...xmlDialects]

/** Sends a message in another form. */
export type Speak = (language: Dialect["language"], message: Spoken) => Effect.Effect<Spoken>

/** Sends every message in the plain form. */
export const speakPlainly: Speak = (_language, message) => Effect.succeed(message)

/** How many dialects are applied to one message, at most. */
const dialectsAtOnceMax = 4

/** Applies a few random dialects to each message. The same seed draws the same dialects in the same order. */
export function makeSpeaker(seed: string): Speak {
  let messages = 0
  return (language, message) =>
    Effect.suspend(() => {
      messages++
      const known = dialects.filter((dialect) => dialect.language === language)
      return Effect.gen(function* () {
        const count = yield* Random.nextIntBetween(0, dialectsAtOnceMax)
        const chosen: Array<Dialect> = []
        for (let index = 0; index < count; index += 1) {
          const dialect = known[yield* Random.nextIntBetween(0, known.length - 1)]
          if (dialect !== undefined && !chosen.includes(dialect)) chosen.push(dialect)
        }
        return composed(chosen)(message)
      }).pipe(Random.withSeed(`${seed}/dialect/${language}/${messages}`))
    })
}
