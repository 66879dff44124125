import { Context } from "effect"
import type { CadenceSettings } from "../schedule/poll-cadence.ts"

/** What the configuration says of an account, where a loan of it is shown. */
export interface KnownAccount {
  /** The currency of its amounts, as ISO 4217 writes it; `null` if the configuration names none. */
  readonly currency: string | null
  /** Whether it has a bank that the engine can ask. Without one, nothing is ever confirmed by itself. */
  readonly hasBank: boolean
  /** When its bank is asked; as by default, if it is left out. */
  readonly cadence?: CadenceSettings
}

/** The configured accounts. The loans of any other are asked about no more. */
export const KnownAccounts = Context.Reference<ReadonlyMap<string, KnownAccount>>(
  "@loan-engine/app/KnownAccounts",
  { defaultValue: () => new Map() },
)
export type KnownAccounts = ReadonlyMap<string, KnownAccount>
