import type { Work } from "./fleet.ts"

interface Worker {
  /** Makes what a run of so many units needs, before it is measured. */
  readonly prepare?: (count: number) => Promise<void>
  /** Does one unit. A failure ends the process. */
  readonly one: () => Promise<unknown>
}

/** The side of a fleet's process: opens what it works with, and does as it is told until it is ended. */
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
