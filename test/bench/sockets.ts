import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { sendGenuine } from "../doors/attack/genuine.ts"
import { openRaw } from "../doors/attack/raw-connection.ts"
import { patience } from "../doors/attack/socket-attacks.ts"
import type { EngineProcess } from "../whole/slice/engine-process.ts"
import { startEngine } from "../whole/slice/engine-process.ts"
import type { Figure } from "./figure.ts"
import { median } from "./figure.ts"

const answerMsMax = 1_000
const idleConnections = 1_000
const slowOfEachKind = 20
const callbacksEach = 50

/** Opens a thousand idle connections, and slow senders of every kind. */
async function besiege(engine: EngineProcess): Promise<void> {
  for (let opened = 0; opened < idleConnections; opened += 100) {
    await Promise.all(Array.from({ length: 100 }, () => openRaw(engine.url)))
  }
  for (const attack of patience) {
    for (let opened = 0; opened < slowOfEachKind; opened += 1) attack.send(await openRaw(engine.url))
  }
}

/** The longest time until a genuine callback is stored and answered, while attackers hold connections. */
export async function socketFigures(rounds: number): Promise<ReadonlyArray<Figure>> {
  const directory = mkdtempSync(join(tmpdir(), "loan-engine-bench-"))
  const worst: Array<number> = []
  for (let round = 0; round < rounds; round += 1) {
    const engine = await startEngine(join(directory, `${round}.sqlite`))
    await sendGenuine(engine, "warm-up", callbacksEach)
    await besiege(engine)
    worst.push(Math.max(...(await sendGenuine(engine, "besieged", callbacksEach))))
    await engine.kill()
  }
  rmSync(directory, { recursive: true })
  const worstMs = median(worst)
  return [
    {
      name: "besieged_answer_worst",
      what:
        `the slowest of ${callbacksEach} genuine callbacks, ${worstMs.toFixed(1)} ms, beside ${idleConnections} idle ` +
        `connections and ${patience.length * slowOfEachKind} slow ones, against an answer in a second`,
      ratio: answerMsMax / worstMs,
      goal: 1,
      ours: 1_000 / worstMs,
      floor: 1_000 / answerMsMax,
      unit: "answers/s",
    },
  ]
}
