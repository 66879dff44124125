import { setTimeout as pause } from "node:timers/promises"
import { query } from "../../stores/postgres/server.ts"
import { startEngine } from "../../whole/slice/engine-process.ts"
import type { EngineProcess } from "../../whole/slice/engine-process.ts"

const lookMs = 10

/** Engines that serve and poll. Their database is filled with loans that are not due. */
export interface Pollers {
  readonly engines: ReadonlyArray<EngineProcess>
  /** Makes this many loans due at once, and waits until each is planned again. The result is the loans per second. */
  readonly rate: (count: number) => Promise<number>
  /** Makes this many loans due. {@link dueNow} tells how many of them are left. */
  readonly makeDue: (count: number) => Promise<void>
  readonly dueNow: () => Promise<number>
  readonly stop: () => Promise<void>
}

export async function startPollers(
  url: string,
  bankUrl: string,
  replicas: number,
  inFlight: number,
  environment: Readonly<Record<string, string>> = {},
): Promise<Pollers> {
  const engines = await Promise.all(
    Array.from({ length: replicas }, () =>
      startEngine(url, {
        LOAN_ENGINE_BANK_URL: bankUrl,
        LOAN_ENGINE_BANK_USERNAME: "bench",
        LOAN_ENGINE_BANK_PASSWORD: "bench-password",
        LOAN_ENGINE_POLLS_IN_FLIGHT_MAX: String(Math.ceil(inFlight / replicas)),
        LOAN_ENGINE_POLL_RATE_PER_SECOND: "100000",
        LOAN_ENGINE_POLL_IDLE_MAX_MS: "50",
        LOAN_ENGINE_STOP_DRAIN_MS: "1",
        ...environment,
      }),
    ),
  )
  const makeDue = async (count: number): Promise<void> => {
    await query(
      url,
      `UPDATE loan_engine.loans SET next_poll_at = loan_engine.clock_ms(), poll_attempts = 0
       WHERE application_reference < 'filled-' || lpad($1::text, 9, '0')`,
      [count],
    )
  }
  // The loans whose poll is not finished. A claimed loan still counts: its due time is the end of its lease. A polled
  // loan does not count: the engine has counted its attempt.
  const dueNow = async (): Promise<number> => {
    const [row] = await query(
      url,
      "SELECT count(*)::int AS left FROM loan_engine.loans WHERE poll_attempts = 0 AND next_poll_at < $1",
      [farMs],
    )
    return Number(row?.["left"])
  }
  return {
    engines,
    makeDue,
    dueNow,
    rate: async (count) => {
      await makeDue(count)
      const begun = performance.now()
      while ((await dueNow()) > 0) await pause(lookMs)
      return (count * 1_000) / (performance.now() - begun)
    },
    stop: async () => {
      await Promise.all(engines.map((engine) => engine.stop()))
    },
  }
}

/** A time after every real due time and before the due times of the filled loans. */
const farMs = 3_900_000_000_000
