import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import type { EngineCanary } from "../canaries/engines.ts"
import { isThorough } from "../properties/settings.ts"
import type { Proof } from "../properties/law.ts"
import type { FaultLevel } from "./mishaps/faults.ts"
import type { SimulationOptions, SimulationReport } from "./simulate.ts"
import { simulate } from "./simulate.ts"

/** The number of seeds for each fault level, and the first seed. */
const seeds = Number(process.env["LOAN_ENGINE_SIMULATION_SEEDS"] ?? 1)
const firstSeed = Number(process.env["LOAN_ENGINE_SIMULATION_FIRST_SEED"] ?? 1)

const replayCommand = ({ seed, loans, days, faults }: SimulationOptions): string =>
  `npx -y pnpm@12 exec node test/proof/simulation/replay.ts --seed ${seed} --loans ${loans} --days ${days} --faults ${faults}`

/** Fails with the violations, and with the command that replays them. */
function expectSound(report: SimulationReport, options: SimulationOptions): void {
  const replay = `replay with: ${replayCommand(options)}`
  expect(report.violations, replay).toEqual([])
  for (const [property, checked] of Object.entries(report.checked)) {
    expect(checked, `${property} was checked on nothing; ${replay}`).toBeGreaterThan(0)
  }
}

const simulatedProperties = ["P1", "P5", "P6", "P7"] as const

const proofs = ({ checked }: SimulationReport): ReadonlyArray<Proof> =>
  simulatedProperties.map((property) => ({ property, means: "simulation", cases: checked[property] }))

/** A compliance run uses larger worlds than a usual test run. */
const world = isThorough ? { loans: 25, days: 12 } : { loans: 12, days: 9 }

const runs = (["none", "rough", "hell"] as const satisfies ReadonlyArray<FaultLevel>).flatMap((faults) =>
  Array.from({ length: seeds }, (_, index): SimulationOptions => ({
    seed: String(firstSeed + index),
    ...world,
    faults,
  })),
)

describe("the whole system on virtual time", () => {
  it.for(runs)("keeps P1, P5, P6 and P7 with faults $faults from seed $seed", async (options, { task }) => {
    const report = await simulate(options)
    task.meta.proofs = proofs(report)
    expectSound(report, options)
  })

  it("meets every kind of fault", async () => {
    const { faults, crashes } = await simulate({ seed: "faults", loans: 40, days: 15, faults: "hell" })
    expect(crashes).toBeGreaterThan(5)
    for (const kind of expectedFaults) expect(faults, `no ${kind}`).toHaveProperty([kind])
  })

  it("gives the same report from the same seed, and another from another", async () => {
    const options: SimulationOptions = { seed: "twice", loans: 10, days: 6, faults: "hell" }
    const [first, second, other] = [
      await story(options),
      await story(options),
      await story({ ...options, seed: "other" }),
    ]
    expect(second).toEqual(first)
    expect(other.lines).not.toEqual(first.lines)
  })
})

/** The report without the real time, and every line of the simulation. */
async function story(options: SimulationOptions) {
  const lines: Array<string> = []
  const { wallMs: _wallMs, ...report } = await simulate(options, (line) => void lines.push(line))
  return { report, lines }
}

const expectedFaults = [
  "bank inspects again",
  "bank reopens",
  "bank revokes",
  "bank answer-lost",
  "bank garbled",
  "bank never-answered",
  "bank outage",
  "bank overtaken",
  "bank refused",
  "bank retry-later",
  "bank server-error",
  "bank slow",
  "callback answer-lost",
  "callback delayed",
  "callback duplicated",
  "callback lost",
  "callback swallowed",
  "clock jump",
  "crash acknowledged",
  "crash answer-came",
  "crash in-transaction",
  "forged bad-signature",
  "forged mangled",
  "forged no-credentials",
  "forged replayed-by-a-stranger",
  "forged signature-of-another-event",
  "forged unbound-signature",
  "forged unknown-loan",
  "forged wrong-account",
  "forged wrong-credentials",
  "jwks outage",
  "jwks slow",
  "store outage",
  "submission outrun by a callback",
  "submission told twice",
]

describe("a defect that the simulation found does not return", () => {
  it("a loan whose answers cannot be recorded neither delays other loans' polls nor causes endless requests", async () => {
    const options: SimulationOptions = { seed: "poison", loans: 20, days: 8, faults: "rough" }
    const sound = await simulate(options)
    const poisoned = await simulate({ ...options, canary: poisonLoan })
    expect(
      new Set(poisoned.violations.map(({ what }) => what.slice(0, what.indexOf(":")))).size,
    ).toBeLessThan(2)
    expect(poisoned.polls).toBeLessThan(2 * sound.polls)
  })
})

/** An engine with a defect that depends on one loan: the first that is polled. */
const poisonLoan: EngineCanary = {
  name: "poison loan",
  what: "It crashes whenever one certain loan's poll is to be recorded.",
  parts: {
    engine: (engine) =>
      Effect.succeed({
        ...engine,
        record: (observation, raw) => {
          if (observation.source !== "poll" && observation.source !== "quote")
            return engine.record(observation, raw)
          poisoned ??= observation.applicationReference
          return observation.applicationReference === poisoned
            ? Effect.die(new Error("a defect that this loan brings out"))
            : engine.record(observation, raw)
        },
      }),
  },
}
let poisoned: string | undefined
