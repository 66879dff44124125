import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { Schema } from "effect"
import { equivalentMutants } from "./equivalent-mutants.ts"
import type { Mutation } from "./report.ts"

const configuration = "test/proof/report/stryker.config.json"
const result = ".stryker-tmp/mutation.json"

const MutationResult = Schema.fromJsonString(
  Schema.Struct({
    files: Schema.Record(
      Schema.String,
      Schema.Struct({
        source: Schema.String,
        mutants: Schema.Array(
          Schema.Struct({
            mutatorName: Schema.String,
            replacement: Schema.optionalKey(Schema.String),
            status: Schema.String,
            location: Schema.Struct({ start: Schema.Struct({ line: Schema.Int, column: Schema.Int }) }),
          }),
        ),
      }),
    ),
  }),
)

/**
 * Makes every possible small change to the domain's code, one at a time. Counts the changes that the tests notice.
 */
export function mutationRun(): Mutation {
  const run = spawnSync(
    process.execPath,
    ["node_modules/@stryker-mutator/core/bin/stryker.js", "run", configuration],
    {
      stdio: ["ignore", "inherit", "inherit"],
    },
  )
  if (run.status !== 0)
    throw new Error(`the mutation run ended with ${run.status ?? run.signal ?? "no status"}`)
  return readMutation(Schema.decodeUnknownSync(MutationResult)(readFileSync(result, "utf8")))
}

function readMutation({ files }: typeof MutationResult.Type): Mutation {
  const all = Object.entries(files).flatMap(([file, { source, mutants }]) => {
    const lines = source.split("\n")
    return mutants.map(({ status, mutatorName, replacement = "", location }) => {
      const line = (lines[location.start.line - 1] ?? "").trim()
      const change = replacement.replaceAll(/\s+/gu, " ").slice(0, changeLengthMax)
      return { status, mutant: `${file.split("/").at(-1) ?? file}: ${line} => ${mutatorName} ${change}` }
    })
  })
  const killed = all.filter(({ status }) => status === "Killed" || status === "Timeout").length
  const survivors = all.filter(({ status }) => status === "Survived" || status === "NoCoverage")
  const total = killed + survivors.length
  return {
    score: Math.floor((10_000 * killed) / total) / 100,
    killed,
    total,
    survivors: survivors.map(({ mutant }) => ({ mutant, reason: equivalentMutants.get(mutant) ?? null })),
  }
}

/**
 * How many characters of a mutant's new code are part of its name. This is enough to give all mutants of a line
 * different names.
 */
const changeLengthMax = 60
