import type { BankRoute } from "@loan-engine/adapters-http/http/route"
import { bankClientLimitsDefault } from "@loan-engine/adapters-http/bank/client"
import { makeExchange } from "@loan-engine/adapters-http/http/exchange"
import { Effect } from "effect"

/** The result of one check. `advice` says what to do. */
export interface Check {
  readonly name: string
  readonly state: "ok" | "warning" | "failed" | "skipped"
  readonly found: string
  readonly advice?: string
}

export type Checks = ReadonlyArray<Check>

/**
 * How far this machine's clock may differ from another clock, and how much free space the store's disk should have.
 */
export const clockSkewSecondsMax = 5
export const diskBytesFreeMin = 1_073_741_824

export const ok = (name: string, found: string): Check => ({ name, state: "ok", found })
export const skipped = (name: string, found: string): Check => ({ name, state: "skipped", found })
export const warning = (name: string, found: string, advice: string): Check => ({
  name,
  state: "warning",
  found,
  advice,
})
export const failed = (name: string, found: string, advice: string): Check => ({
  name,
  state: "failed",
  found,
  advice,
})

/** Compares this machine's clock with another clock. */
export function clockCheck(name: string, whose: string, aheadMs: number): Check {
  const apart = Math.round(Math.abs(aheadMs) / 1_000)
  if (apart <= clockSkewSecondsMax) return ok(name, `at most ${clockSkewSecondsMax} seconds from ${whose}`)
  const side = aheadMs > 0 ? "ahead of" : "behind"
  return failed(
    name,
    `this machine's clock is ${apart} seconds ${side} ${whose}`,
    "Compare both with a third clock, and set the wrong one by NTP.",
  )
}

/** Sends one request, in the same way as a request to the bank. */
export const ask = Effect.fnUntraced(function* (
  url: URL,
  route?: BankRoute,
  headers: Readonly<Record<string, string>> = {},
) {
  const exchange = yield* makeExchange(bankClientLimitsDefault, undefined, route)
  return yield* Effect.result(exchange({ url, method: "GET", headers }))
})
