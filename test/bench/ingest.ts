import { spawn } from "node:child_process"
import { once } from "node:events"
import { createServer } from "node:http"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { CompactSign, exportJWK, generateKeyPair } from "jose"
import type { CryptoKey, JWK } from "jose"
import { callbackAuthorization, startEngine } from "../slice/engine-process.ts"
import type { Figure } from "./figure.ts"
import { compare, median } from "./figure.ts"
import type { Target } from "./ingest-load.ts"
import { connections, flood, steadyP99 } from "./ingest-load.ts"

const kid = "bench-1"
/** How many callbacks one contender gets in a round, and how many before the first, until what runs is compiled. */
const callbacksEach = 4_000
const callbacksBefore = 16_000

interface Bench {
  readonly directory: string
  readonly key: CryptoKey
  readonly jwk: JWK
  readonly jwksUrl: string
  readonly close: () => void
}

/** Verified, credential-checked, durably journaled callbacks over real HTTP, beside a process that does just that. */
export async function ingestFigures(rounds: number): Promise<ReadonlyArray<Figure>> {
  const bench = await open()
  try {
    const engine = await startEngine(join(bench.directory, "engine.sqlite"), {
      LOAN_ENGINE_JWKS_URL: bench.jwksUrl,
    })
    const ours: Target = { url: `${engine.url}/callbacks/default`, authorization: callbackAuthorization }
    const bare = await startFloor(bench)
    const before = await callbacks(bench.key, callbacksBefore)
    await flood(ours, before)
    await flood(bare.target, before)
    const bodies = forBoth(() => callbacks(bench.key, callbacksEach))
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
    const latency = await latencyFigure(bench, ours, bare.target, rate.ours / 2, rounds)
    bare.kill()
    await engine.stop()
    return [rate, latency]
  } finally {
    bench.close()
    rmSync(bench.directory, { recursive: true })
  }
}

async function latencyFigure(
  bench: Bench,
  ours: Target,
  bare: Target,
  perSecond: number,
  rounds: number,
): Promise<Figure> {
  const p99s: { readonly ours: Array<number>; readonly floor: Array<number> } = { ours: [], floor: [] }
  const one = async (target: Target): Promise<number> =>
    steadyP99(target, await callbacks(bench.key, callbacksEach), perSecond)
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

/** A directory, a key, and a JWKS that serves it. */
async function open(): Promise<Bench> {
  const directory = mkdtempSync(join(tmpdir(), "loan-engine-bench-"))
  const { publicKey, privateKey } = await generateKeyPair("RS256", { modulusLength: 2048 })
  const jwk = { ...(await exportJWK(publicKey)), kid, use: "sig", alg: "RS256" }
  const server = createServer((_request, response) => {
    response.writeHead(200, { "content-type": "application/json" })
    response.end(JSON.stringify({ keys: [jwk] }))
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  const port = typeof address === "object" && address !== null ? address.port : 0
  return {
    directory,
    key: privateKey,
    jwk,
    jwksUrl: `http://127.0.0.1:${port}/jwks`,
    close: () => server.close(),
  }
}

async function startFloor({
  directory,
  jwk,
}: Bench): Promise<{ readonly target: Target; readonly kill: () => void }> {
  const script = fileURLToPath(new URL("ingest-floor.ts", import.meta.url))
  const database = join(directory, "floor.sqlite")
  const child = spawn(process.execPath, [script, database, JSON.stringify(jwk), callbackAuthorization], {
    stdio: ["ignore", "pipe", "inherit"],
  })
  for await (const port of createInterface({ input: child.stdout })) {
    return {
      target: { url: `http://127.0.0.1:${port}/callbacks`, authorization: callbackAuthorization },
      kill: () => void child.kill("SIGKILL"),
    }
  }
  throw new Error("the floor ended before it listened")
}

/** What is made once for the two contenders of a round: each has a store of its own, so neither has seen it before. */
function forBoth<A>(make: () => Promise<A>): () => Promise<A> {
  let waiting: Promise<A> | undefined
  return () => {
    const made = waiting ?? make()
    waiting = waiting === undefined ? made : undefined
    return made
  }
}

let signed = 0

/** So many callbacks that nobody has seen before, each of a loan of its own, signed as the bank does. */
async function callbacks(key: CryptoKey, count: number): Promise<ReadonlyArray<string>> {
  const bodies: Array<string> = []
  for (let index = 0; index < count; index++) {
    const externalApplicationEvent = {
      applicationReference: `bench-${signed++}`,
      applicationEventType: "CREDIT_DECISION_UPDATED",
      creditDecision: {
        creditDecision: "APPROVED",
        approvedAmount: 10_000,
        interest: 12.3,
        documentTypes: ["ID"],
      },
    }
    const claims = new TextEncoder().encode(JSON.stringify({ iss: "bench", externalApplicationEvent }))
    const jwsData = await new CompactSign(claims)
      .setProtectedHeader({ alg: "RS256", typ: "JWT", kid })
      .sign(key)
    bodies.push(JSON.stringify({ externalApplicationEvent, jwsData }))
  }
  return bodies
}
