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

/** Reads the lives in these files. Each is named after its file. */
const livesIn = (files: ReadonlyArray<string>) =>
  Effect.forEach(files, (file) =>
    Effect.try({
      try: () => readFileSync(file, "utf8").replace(/^\uFEFF/u, ""),
      catch: () => unusable(`The file ${file} cannot be read: play needs files with one life each.`),
    }).pipe(
      Effect.flatMap((text) =>
        Effect.mapError(decodeLife(text), ({ message }) =>
          unusable(`The file ${file} contains no life: ${message}`),
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

/** `loan-engine play <file>…`: plays lives from files on an engine. A sandbox bank follows each life. */
export const play = Command.make(
  "play",
  {
    files: Argument.String("file").pipe(
      Argument.withDescription("A file with a life, such as docs/lives/offer-expires.json"),
      Argument.atLeast(1),
    ),
    database: Flag.String("database").pipe(
      Flag.withDescription(
        "The store for the lives: an SQLite file or a PostgreSQL URL; the default is a new temporary file",
      ),
      Flag.optional,
    ),
    stay: Flag.Boolean("stay").pipe(
      Flag.withDescription("Keep serving afterwards, so that the console can show the lives"),
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
).pipe(Command.withDescription("Play lives from files, step by step, and report where one goes wrong"))

/** The reference of a life. It differs in each run, so that a store can contain several runs. */
const referenceOf = (name: string, startedAt: number): string =>
  `${name.replaceAll(/[^\p{L}\p{N}._-]/gu, "-").slice(0, referenceNameLengthMax)}-${startedAt.toString(36)}`

const referenceNameLengthMax = applicationReferenceLengthMax - 20
