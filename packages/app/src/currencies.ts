import { Context } from "effect"

/** The currency of each account's amounts, as ISO 4217 writes it; an account that has none told is left out. */
export const Currencies = Context.Reference<ReadonlyMap<string, string>>("@loan-engine/app/Currencies", {
  defaultValue: () => new Map(),
})
export type Currencies = ReadonlyMap<string, string>
