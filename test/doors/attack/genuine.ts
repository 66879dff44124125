import type { EngineProcess } from "../../whole/slice/engine-process.ts"
import { callbackAuthorization } from "../../whole/slice/engine-process.ts"

/** The bank's request headers, as lines. */
export const callbackHeaders = `content-type: application/json\r\nauthorization: ${callbackAuthorization}\r\n`

export const event = (applicationReference: string, applicationEventType: string): string =>
  JSON.stringify({ externalApplicationEvent: { applicationReference, applicationEventType } })

/**
 * Sends genuine callbacks one after the other, each about a new loan. The result is the time until each was recorded.
 */
export async function sendGenuine(
  engine: EngineProcess,
  name: string,
  count: number,
): Promise<ReadonlyArray<number>> {
  const tookMs: Array<number> = []
  for (let index = 0; index < count; index += 1) {
    const begun = performance.now()
    const { status } = await engine.callback(event(`${name}-${index}`, "SIGNED"))
    if (status !== 200) throw new Error(`a genuine callback was answered ${status}`)
    tookMs.push(performance.now() - begun)
  }
  return tookMs
}
