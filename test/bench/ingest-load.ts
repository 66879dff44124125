import { Agent, request } from "node:http"

/** How many connections the load keeps busy. */
export const connections = 64

export interface Target {
  readonly url: string
  readonly authorization: string
}

/** Posts every body as fast as the connections allow. The result is the number of answers with 200 in a second. */
export async function flood(target: Target, bodies: ReadonlyArray<string>): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const begun = performance.now()
  let next = 0
  const worker = async (): Promise<void> => {
    for (let index = next++; index < bodies.length; index = next++)
      await post(agent, target, bodies[index] ?? "")
  }
  await Promise.all(Array.from({ length: connections }, worker))
  const seconds = (performance.now() - begun) / 1_000
  agent.destroy()
  return bodies.length / seconds
}

/**
 * Posts the bodies at a steady rate, even if answers are late. The result is the time within which 99 of 100 answers
 * arrive, in milliseconds.
 */
export async function steadyP99(
  target: Target,
  bodies: ReadonlyArray<string>,
  perSecond: number,
): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  // Opens the connections before the measurement. The bank's connections are open too.
  await Promise.all(bodies.slice(0, connections).map((body) => post(agent, target, body)))
  const begun = performance.now()
  const waits: Array<Promise<number>> = []
  await new Promise<void>((resolve) => {
    const tick = setInterval(() => {
      const due = Math.min(bodies.length, Math.floor(((performance.now() - begun) * perSecond) / 1_000))
      while (waits.length < due) {
        // The wait begins when the callback is due. So a server that stalls cannot hide its delay.
        const dueAt = begun + (waits.length * 1_000) / perSecond
        waits.push(post(agent, target, bodies[waits.length] ?? "").then(() => performance.now() - dueAt))
      }
      if (waits.length < bodies.length) return
      clearInterval(tick)
      resolve()
    }, 1)
  })
  const sorted = (await Promise.all(waits)).toSorted((a, b) => a - b)
  agent.destroy()
  return sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN
}

function post(agent: Agent, { url, authorization }: Target, body: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      {
        agent,
        method: "POST",
        headers: {
          authorization,
          "content-type": "application/json",
          "content-length": Buffer.byteLength(body),
        },
      },
      (answer) => {
        answer.resume()
        answer.on("end", () => {
          if (answer.statusCode === 200) resolve()
          else reject(new Error(`a callback was answered ${answer.statusCode}`))
        })
      },
    )
    sent.on("error", reject)
    sent.end(body)
  })
}
