import type { Work } from "./fleet.ts"

interface Worker {
  /** Makes what this many units need, before the measurement. */
  readonly prepare?: (count: number) => Promise<void>
  /** Does one unit. A failure ends the process. */
  readonly one: () => Promise<unknown>
}

/** Runs in each process of a fleet. Opens the worker, and then follows the orders of the parent. */
export async function serveFleet(open: (setup: unknown) => Promise<Worker>): Promise<void> {
  const worker = await open(JSON.parse(process.argv[2] ?? "{}"))
  const run = async (count: number, atOnce: number): Promise<void> => {
    let left = count
    const writer = async (): Promise<void> => {
      while (left-- > 0) await worker.one()
    }
    await Promise.all(Array.from({ length: atOnce }, writer))
  }
  process.on("message", (work: Work) => {
    void (async () => {
      await (work.name === "run" ? run(work.count, work.atOnce) : worker.prepare?.(work.count))
      process.send?.("done")
    })()
  })
  process.on("disconnect", () => process.exit(0))
  process.send?.("ready")
}
