import { spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { callbackAuthorization, startEngine } from "../whole/slice/engine-process.ts"
import type { Figure } from "./figure.ts"
import { compare, median } from "./figure.ts"
import type { Target } from "./ingest-load.ts"
import { connections, flood, steadyP99 } from "./ingest-load.ts"
import { openBankKey, signedCallbacks } from "./signed-callbacks.ts"
import type { BankKey } from "./signed-callbacks.ts"

/**
 * How many callbacks a contender gets in a round. Before the first round it gets more, so that Node compiles its
 * code.
 */
const callbacksEach = 4_000
const callbacksBefore = 16_000

/**
 * Callbacks over real HTTP whose signature and credentials are checked and which are stored durably. The floor does
 * only this.
 */
export async function ingestFigures(rounds: number): Promise<ReadonlyArray<Figure>> {
  const directory = mkdtempSync(join(tmpdir(), "loan-engine-bench-"))
  const key = await openBankKey()
  try {
    const engine = await startEngine(join(directory, "engine.sqlite"), {
      LOAN_ENGINE_JWKS_URL: key.jwksUrl,
    })
    const ours: Target = { url: `${engine.url}/callbacks/default`, authorization: callbackAuthorization }
    const bare = await startFloor(directory, key)
    const before = await signedCallbacks(key.privateJwk, callbacksBefore)
    await flood(ours, before)
    await flood(bare.target, before)
    const bodies = forBoth(() => signedCallbacks(key.privateJwk, callbacksEach))
    const rate = await compare(
      {
        name: "callback_ingest",
        what: `callbacks verified (RS256), credential-checked and durable over HTTP, ${connections} connections, one process`,
        unit: "callbacks/s",
        goal: 0.7,
        ours: async () => flood(ours, await bodies()),
        floor: async () => flood(bare.target, await bodies()),
      },
      rounds,
    )
    const latency = await latencyFigure(key, ours, bare.target, rate.ours / 2, rounds)
    bare.kill()
    await engine.stop()
    return [rate, latency]
  } finally {
    key.close()
    rmSync(directory, { recursive: true })
  }
}

async function latencyFigure(
  key: BankKey,
  ours: Target,
  bare: Target,
  perSecond: number,
  rounds: number,
): Promise<Figure> {
  const p99s: { readonly ours: Array<number>; readonly floor: Array<number> } = { ours: [], floor: [] }
  const one = async (target: Target): Promise<number> =>
    steadyP99(target, await signedCallbacks(key.privateJwk, callbacksEach), perSecond)
  for (let round = 0; round < rounds; round++) {
    p99s.ours.push(await one(ours))
    p99s.floor.push(await one(bare))
  }
  const oursMs = median(p99s.ours)
  const floorMs = median(p99s.floor)
  return {
    name: "callback_ingest_p99",
    what: `the wait that 99 of 100 do not exceed at half that load: ${oursMs.toFixed(1)} ms, the floor's ${floorMs.toFixed(1)} ms`,
    ratio: median(p99s.ours.map((wait, round) => (p99s.floor[round] ?? Number.NaN) / wait)),
    goal: 0.5,
    ours: 1_000 / oursMs,
    floor: 1_000 / floorMs,
    unit: "1/s",
  }
}

async function startFloor(
  directory: string,
  { publicJwk }: BankKey,
): Promise<{ readonly target: Target; readonly kill: () => void }> {
  const script = fileURLToPath(new URL("ingest-floor.ts", import.meta.url))
  const database = join(directory, "floor.sqlite")
  const child = spawn(
    process.execPath,
    [script, database, JSON.stringify(publicJwk), callbackAuthorization],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  )
  for await (const port of createInterface({ input: child.stdout })) {
    return {
      target: { url: `http://127.0.0.1:${port}/callbacks`, authorization: callbackAuthorization },
      kill: () => void child.kill("SIGKILL"),
    }
  }
  throw new Error("the floor ended before it listened")
}

/** Makes something once for both contenders of a round. Each has its own store, so the callbacks are new to both. */
function forBoth<A>(make: () => Promise<A>): () => Promise<A> {
  let waiting: Promise<A> | undefined
  return () => {
    const made = waiting ?? make()
    waiting = waiting === undefined ? made : undefined
    return made
  }
}
