import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, extname, join } from "node:path"
import { applicationReferenceLengthMax } from "@loan-engine/domain/observation"
import { Clock, Console, Effect, Option, Schema } from "effect"
import { Argument, Command, Flag } from "effect/cli"
import { makeStage, playLimitsDefault } from "../../sandbox/play-life.ts"
import { stepInWords, ToldLife } from "../../sandbox/told-life.ts"
import { consoleLink, localKey } from "./console-link.ts"
import { FoundWrong, unusable } from "../exit-codes.ts"
import { watchLauncher } from "./launcher.ts"
import { visibleText } from "../../base/visible-text.ts"

const decodeLife = Schema.decodeUnknownEffect(Schema.fromJsonString(ToldLife), { onExcessProperty: "error" })

/** The lives that the files tell, each under its file's name. */
const livesIn = (files: ReadonlyArray<string>) =>
  Effect.forEach(files, (file) =>
    Effect.try({
      try: () => readFileSync(file, "utf8").replace(/^\uFEFF/u, ""),
      catch: () => unusable(`The file ${file} cannot be read: play takes files that each tell a life.`),
    }).pipe(
      Effect.flatMap((text) =>
        Effect.mapError(decodeLife(text), ({ message }) =>
          unusable(`The file ${file} tells no life: ${message}`),
        ),
      ),
      Effect.map((life) => ({ life, name: basename(file, extname(file)) })),
    ),
  )

const temporaryFile = Effect.map(
  Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "loan-engine-"))),
    (directory) => Effect.sync(() => rmSync(directory, { recursive: true, force: true })),
  ),
  (directory) => join(directory, "lives.sqlite"),
)

/** `loan-engine play <file>…`: lives as they are told, played on the engine against a bank that does what they say. */
export const play = Command.make(
  "play",
  {
    files: Argument.String("file").pipe(
      Argument.withDescription("A file that tells a life, such as docs/lives/offer-expires.json"),
      Argument.atLeast(1),
    ),
    database: Flag.String("database").pipe(
      Flag.withDescription(
        "Where the lives are written: an SQLite file or a PostgreSQL URL; a new temporary file by default",
      ),
      Flag.optional,
    ),
    stay: Flag.Boolean("stay").pipe(
      Flag.withDescription("Go on serving afterwards, so that the console can show the lives"),
      Flag.withDefault(false),
    ),
  },
  Effect.fn(function* ({ files, database, stay }) {
    yield* Effect.forkScoped(yield* watchLauncher)
    const lives = yield* livesIn(files)
    const databaseUrl = Option.isSome(database) ? database.value : yield* temporaryFile
    const apiKey = yield* localKey
    const stage = yield* makeStage({ databaseUrl, apiKey, ...playLimitsDefault })
    const startedAt = yield* Clock.currentTimeMillis
    const wrong: Array<string> = []
    for (const [index, { life, name }] of lives.entries()) {
      yield* Console.log(`\n${visibleText(life.name)}\n${visibleText(life.story)}`)
      const played = stage.play(life, referenceOf(name, startedAt + index), (step) =>
        Console.log(`  ${visibleText(stepInWords(step))}`),
      )
      yield* Effect.catch(played, ({ message }) => {
        wrong.push(message)
        return Console.error(`  wrong: ${visibleText(message)}`)
      })
    }
    if (stay) {
      yield* Console.log(`\nconsole  ${consoleLink(stage.url, apiKey)}`)
      return yield* Effect.never
    }
    if (wrong.length > 0)
      return yield* new FoundWrong({ message: `${wrong.length} of ${lives.length} lives went wrong` })
    yield* Console.log(`\n${lives.length} of ${lives.length} lives are right`)
  }, Effect.scoped),
).pipe(Command.withDescription("Play lives that files tell, step by step, and say where one goes wrong"))

/** Each run has references of its own, so that a store may hold several. */
const referenceOf = (name: string, startedAt: number): string =>
  `${name.replaceAll(/[^\p{L}\p{N}._-]/gu, "-").slice(0, referenceNameLengthMax)}-${startedAt.toString(36)}`

const referenceNameLengthMax = applicationReferenceLengthMax - 20
