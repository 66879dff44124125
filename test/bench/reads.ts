import { spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { text } from "node:stream/consumers"
import { fileURLToPath } from "node:url"
import { apiKey, callbackAuthorization, startEngine } from "../whole/slice/engine-process.ts"
import type { EngineProcess } from "../whole/slice/engine-process.ts"
import type { Figure } from "./figure.ts"
import { judged, median } from "./figure.ts"
import type { Target } from "./ingest-load.ts"
import { flood, steadyP99 } from "./ingest-load.ts"
import { filledStore } from "./open-loans.ts"
import { onDurableServer } from "./postgres/durable-server.ts"
import { fill } from "./postgres/filled.ts"
import type { Reading } from "./reading.ts"
import { openBankKey, signedCallbacks } from "./signed-callbacks.ts"

const loans = 1_000_000
const callbacksEach = 4_000
const callbacksBefore = 8_000

/** Every documented read that returns many loans or many rows. */
const paths: ReadonlyArray<string> = [
  "/v1/loans",
  "/v1/loans?limit=500",
  "/v1/loans?additionOutstanding=true",
  "/v1/loans?stage=submitted",
  "/v1/loans?disputed=true",
  "/v1/loans?stalled=true",
  "/v1/loans?reference=bench-09",
  "/v1/loans?externalReference=nobody",
  "/v1/loans?closed=true",
  "/v1/loans?dormant=true",
  "/v1/loans/long/history?limit=500",
  "/v1/loans/long/history?limit=500&after=1000",
  "/v1/loans/long/changes?after=0",
  "/v1/changes?after=0",
  "/v1/accounts",
  "/metrics",
]

/** The number of journal entries of one loan with a long history, and the size of each body. */
const longEntries = 2_000
const longBodyBytes = 32_768

async function tellLong({ callback }: EngineProcess): Promise<void> {
  for (let entry = 0; entry < longEntries; entry++) {
    const body = JSON.stringify({
      externalApplicationEvent: { applicationReference: "long", applicationEventType: "SIGNED" },
    })
    const answer = await callback(body + " ".repeat(longBodyBytes + entry - body.length))
    if (!answer.ok) throw new Error(`entry ${entry}: ${answer.status} ${await answer.text()}`)
  }
}

/**
 * Sends callbacks at half of the maximum rate beside a million loans: once during endless reads of several readers, and once without
 * reads.
 */
export async function readsFigures(rounds: number): Promise<ReadonlyArray<Figure>> {
  const directory = mkdtempSync(join(tmpdir(), "loan-engine-bench-"))
  try {
    const file = await filledStore(join(directory, "many.sqlite"), loans)
    const onSqlite = await figureOf("reads_beside_callbacks", "SQLite", file, rounds)
    const onPostgres = await onDurableServer(async (server) => {
      const url = await server.newDatabase()
      await fill(url, loans)
      return figureOf("pg_reads_beside_callbacks", "PostgreSQL", url, rounds)
    })
    return [onSqlite, onPostgres]
  } finally {
    rmSync(directory, { recursive: true })
  }
}

async function figureOf(name: string, store: string, database: string, rounds: number): Promise<Figure> {
  const key = await openBankKey()
  const engine = await startEngine(database, {
    LOAN_ENGINE_JWKS_URL: key.jwksUrl,
    LOAN_ENGINE_API_REQUESTS_PER_SECOND_MAX: "100000",
  })
  try {
    const target: Target = { url: `${engine.url}/callbacks/default`, authorization: callbackAuthorization }
    await tellLong(engine)
    const bodies = (count: number) => signedCallbacks(key.privateJwk, count)
    const perSecond = (await flood(target, await bodies(callbacksBefore))) / 2
    const alone: Array<number> = []
    const beside: Array<number> = []
    let answered = 0
    for (let round = -1; round < rounds; round++) {
      const without = await steadyP99(target, await bodies(callbacksEach), perSecond)
      const waiting = await bodies(callbacksEach)
      const reading = readAll(engine)
      const during = await steadyP99(target, waiting, perSecond)
      const reads = await reading.stop()
      if (round < 0) continue
      alone.push(without)
      beside.push(during)
      answered += reads
    }
    const perMs = (waits: ReadonlyArray<number>) => waits.map((ms) => 1_000 / ms)
    return {
      name,
      what: `the wait that 99 of 100 callbacks do not exceed at half load beside a million loans in ${store}: ${median(beside).toFixed(1)} ms while ${answered} reads of lists, counts, histories, streams and metrics were answered, ${median(alone).toFixed(1)} ms without`,
      goal: 0.5,
      ...judged(perMs(beside), perMs(alone)),
      unit: "1/s",
    }
  } finally {
    await engine.stop()
    key.close()
  }
}

/**
 * Reads without a pause until `stop` is called. `stop` gives the number of answers. On a real network the readers run
 * on other machines. So here they run in a process of lower priority.
 */
function readAll({ url }: EngineProcess): { readonly stop: () => Promise<number> } {
  const reading: Reading = { url, paths, apiKey }
  const script = fileURLToPath(new URL("reading.ts", import.meta.url))
  const reader = spawn("nice", ["-n", "19", process.execPath, script, JSON.stringify(reading)], {
    stdio: ["pipe", "pipe", "inherit"],
  })
  const answered = text(reader.stdout)
  return {
    stop: async () => {
      reader.stdin.end()
      const reads = Number(await answered)
      if (!(reads > 0)) throw new Error("nothing was read")
      return reads
    },
  }
}
