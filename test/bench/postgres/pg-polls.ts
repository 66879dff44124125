import type { Figure } from "../figure.ts"
import { compare } from "../figure.ts"
import { answerMs, openBank } from "./bank.ts"
import { onDurableServer } from "./durable-server.ts"
import { fill } from "./filled.ts"
import { startFleet } from "./fleet.ts"
import { startPollers } from "./polling.ts"
import { rivalsAreThere } from "../rivals.ts"

const loans = 6_000
const pollsEach = 3_000
/** How many questions all engines together have at the bank at the same time. */
const inFlight = 64

/** Serving engines that claim, run and reschedule polls. The floor does the same three steps without the engine. */
export async function pgPollsFigures(rounds: number): Promise<ReadonlyArray<Figure>> {
  if (!rivalsAreThere()) return []
  const bank = await openBank()
  try {
    return await onDurableServer(async (server) => {
      const figures: Array<Figure> = []
      for (const replicas of [1, 3]) {
        const url = await server.newDatabase()
        await fill(url, loans)
        const pollers = await startPollers(url, bank.url, replicas, inFlight)
        const bare = await startFleet("rivals/polling.js", replicas, {
          url: await server.newDatabase(),
          bankUrl: bank.url,
          inFlight: Math.ceil(inFlight / replicas),
        })
        const figure = await compare(
          {
            name: `pg_polls_x${replicas}`,
            what: `polls claimed, run and rescheduled at a bank of ${answerMs} ms, ${replicas} engine(s), ${inFlight} in flight in all (at most ${(inFlight * 1_000) / answerMs} a second), beside bare claim, question and reschedule with pg`,
            unit: "polls/s",
            goal: null,
            ours: () => pollers.rate(pollsEach),
            floor: async () => {
              await bare.prepare(pollsEach)
              return bare.rate(pollsEach, inFlight)
            },
          },
          rounds,
        )
        figures.push(figure)
        await pollers.stop()
        await bare.stop()
      }
      return figures
    })
  } finally {
    bank.close()
  }
}
