import { makeSigningKeys } from "@loan-engine/app/sandbox/callback-sender"
import { Effect } from "effect"
import type { EngineCanary } from "../canaries/engines.ts"
import { stealSignatures } from "./mishaps/adversary.ts"
import type { Finding, Inspected } from "./checkers/inspected.ts"
import { checkLegal } from "./checkers/p1-legal.ts"
import { checkAgreement } from "./checkers/p5-agreement.ts"
import { checkReplay } from "./checkers/p6-replay.ts"
import { checkEvidence } from "./checkers/p7-evidence.ts"
import type { FaultLevel } from "./mishaps/faults.ts"
import { liveThrough } from "./whole-system.ts"
import type { Signing } from "./whole-system.ts"
import { makeWitness } from "./witness.ts"
import { makeWorld } from "./world.ts"

export interface SimulationOptions {
  readonly seed: string
  readonly loans: number
  readonly days: number
  readonly faults: FaultLevel
  /** A broken engine that replaces the real one. */
  readonly canary?: EngineCanary
}

export type SimulatedProperty = "P1" | "P5" | "P6" | "P7"

export interface SimulationReport {
  readonly seed: string
  readonly loans: number
  /** The number of loans times the days with faults. The calm days at the end do not count. */
  readonly loanDays: number
  readonly callbacks: number
  readonly polls: number
  readonly crashes: number
  /** How often each kind of fault occurred. */
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
 * Runs the whole system in one process: the engine, its store in a file, and the sandbox bank. Time is virtual, and
 * the network has faults; the seed decides all of it. `listen` gets the events, line by line. Only one simulation
 * runs at a time.
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

/** No outcome depends on the numbers in the keys. So all simulations of a process share one set. */
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
