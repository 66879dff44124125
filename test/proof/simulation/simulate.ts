import { makeSigningKeys } from "@loan-engine/app/sandbox/callback-sender"
import { Effect } from "effect"
import type { EngineCanary } from "../canaries/engines.ts"
import { stealSignatures } from "./adversary.ts"
import type { Finding, Inspected } from "./checkers/inspected.ts"
import { checkLegal } from "./checkers/p1-legal.ts"
import { checkAgreement } from "./checkers/p5-agreement.ts"
import { checkReplay } from "./checkers/p6-replay.ts"
import { checkEvidence } from "./checkers/p7-evidence.ts"
import type { FaultLevel } from "./faults.ts"
import { liveThrough } from "./whole-system.ts"
import type { Signing } from "./whole-system.ts"
import { makeWitness } from "./witness.ts"
import { makeWorld } from "./world.ts"

export interface SimulationOptions {
  readonly seed: string
  readonly loans: number
  readonly days: number
  readonly faults: FaultLevel
  /** A broken engine in the place of the real one. */
  readonly canary?: EngineCanary
}

export type SimulatedProperty = "P1" | "P5" | "P6" | "P7"

export interface SimulationReport {
  readonly seed: string
  readonly loans: number
  /** Loans times the days they were lived through with faults; the days of calm after them are not counted. */
  readonly loanDays: number
  readonly callbacks: number
  readonly polls: number
  readonly crashes: number
  /** How often each kind of fault happened. */
  readonly faults: Readonly<Record<string, number>>
  /** How many cases each property was checked on. */
  readonly checked: Readonly<Record<SimulatedProperty, number>>
  readonly violations: ReadonlyArray<{ readonly property: SimulatedProperty; readonly what: string }>
  readonly wallMs: number
}

const checkers: { readonly [P in SimulatedProperty]: (inspected: Inspected) => Finding } = {
  P1: ({ loans }) => checkLegal(loans),
  P5: checkAgreement,
  P6: checkReplay,
  P7: checkEvidence,
}

/**
 * The whole system in one process: engine, store on a file, sandbox bank, on virtual time and a network full of mishaps,
 * all of it drawn from the seed. `listen` hears the story, line by line. One simulation runs at a time.
 */
export function simulate(
  options: SimulationOptions,
  listen?: (line: string) => void,
): Promise<SimulationReport> {
  const next = turn.then(() => run(options, listen))
  turn = next.catch(() => undefined)
  return next
}

let turn: Promise<unknown> = Promise.resolve()
let signingOnce: Promise<Signing> | undefined

/** No outcome depends on the keys' own numbers, so one set serves every simulation of a process. */
async function makeSigning(): Promise<Signing> {
  const keys = await Effect.runPromise(makeSigningKeys)
  return { keys, stolen: await stealSignatures(keys) }
}

async function run(options: SimulationOptions, listen?: (line: string) => void): Promise<SimulationReport> {
  const { seed, loans, days, faults } = options
  signingOnce ??= makeSigning()
  const signing = await signingOnce
  const beganAt = performance.now()
  const world = makeWorld(seed, faults, listen)
  const witness = makeWitness()
  const lived = liveThrough({
    world,
    witness,
    signing,
    loans,
    days,
    faults,
    parts: options.canary?.parts ?? {},
  })
  const inspected = await world.time.run(Effect.scoped(lived))
  const checked: Record<SimulatedProperty, number> = { P1: 0, P5: 0, P6: 0, P7: 0 }
  const violations: Array<SimulationReport["violations"][number]> = []
  for (const property of ["P1", "P5", "P6", "P7"] as const) {
    const finding = checkers[property](inspected)
    checked[property] = finding.checked
    violations.push(...finding.violations.map((what) => ({ property, what })))
  }
  return {
    seed,
    loans,
    loanDays: loans * days,
    callbacks: witness.callbacks,
    polls: witness.questions.poll + witness.questions.quote,
    crashes: inspected.crashes,
    faults: world.counts(),
    checked,
    violations,
    wallMs: Math.round(performance.now() - beganAt),
  }
}
