import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { apiKey, callbackAuthorization, startEngine } from "../whole/slice/engine-process.ts"
import type { EngineProcess } from "../whole/slice/engine-process.ts"
import type { Figure } from "./figure.ts"
import { median } from "./figure.ts"
import type { Target } from "./ingest-load.ts"
import { flood, steadyP99 } from "./ingest-load.ts"
import { filledStore } from "./open-loans.ts"
import { openBankKey, signedCallbacks } from "./signed-callbacks.ts"

const loans = 1_000_000
const callbacksEach = 4_000
const callbacksBefore = 8_000

/** Every read of many loans, and of many rows, that is documented. */
const paths = [
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

/** The entries of one loan with a long past, and how large the body of each is. */
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

/** How much of a stream is read: it has no end. */
const streamBytes = 262_144

async function readWhole(answer: Response): Promise<void> {
  if (answer.headers.get("content-type")?.startsWith("text/event-stream") !== true) {
    await answer.text()
    return
  }
  let bytes = 0
  for await (const chunk of answer.body ?? []) {
    bytes += chunk.length
    if (bytes >= streamBytes) break
  }
}

/** Callbacks at half load beside a million loans, while every read is asked for without a pause, and while none is. */
export async function readsFigures(rounds: number): Promise<ReadonlyArray<Figure>> {
  const directory = mkdtempSync(join(tmpdir(), "loan-engine-bench-"))
  const key = await openBankKey()
  try {
    const engine = await startEngine(await filledStore(join(directory, "many.sqlite"), loans), {
      LOAN_ENGINE_JWKS_URL: key.jwksUrl,
      LOAN_ENGINE_API_REQUESTS_PER_SECOND_MAX: "100000",
    })
    const target: Target = { url: `${engine.url}/callbacks/default`, authorization: callbackAuthorization }
    await tellLong(engine)
    const perSecond = (await flood(target, await signedCallbacks(key.privateJwk, callbacksBefore))) / 2
    const alone: Array<number> = []
    const beside: Array<number> = []
    let answered = 0
    for (let round = 0; round < rounds; round++) {
      const wait = async () =>
        steadyP99(target, await signedCallbacks(key.privateJwk, callbacksEach), perSecond)
      alone.push(await wait())
      const reading = readAll(engine)
      beside.push(await wait())
      answered += await reading.stop()
    }
    await engine.stop()
    const [aloneMs, besideMs] = [median(alone), median(beside)]
    return [
      {
        name: "reads_beside_callbacks",
        what: `the wait that 99 of 100 callbacks do not exceed at half load beside a million loans: ${besideMs.toFixed(1)} ms while ${answered} reads of lists, counts, histories, streams and metrics were answered, ${aloneMs.toFixed(1)} ms without`,
        ratio: median(beside.map((ms, round) => (alone[round] ?? Number.NaN) / ms)),
        goal: 0.5,
        ours: 1_000 / besideMs,
        floor: 1_000 / aloneMs,
        unit: "1/s",
      },
    ]
  } finally {
    key.close()
    rmSync(directory, { recursive: true })
  }
}

/** Asks for one read after another until it is stopped; gives how many were answered. */
function readAll(engine: EngineProcess): { readonly stop: () => Promise<number> } {
  const stopped = new AbortController()
  const headers = { authorization: `Bearer ${apiKey}` }
  const running = (async () => {
    for (let read = 0; ; read++) {
      if (stopped.signal.aborted) return read
      const path = paths[read % paths.length] ?? ""
      const answer = await fetch(`${engine.url}${path}`, { headers })
      if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
      await readWhole(answer)
    }
  })()
  return {
    stop: () => {
      stopped.abort()
      return running
    },
  }
}
