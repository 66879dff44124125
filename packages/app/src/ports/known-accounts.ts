import { Context } from "effect"
import type { CadenceSettings } from "../schedule/poll-cadence.ts"

/** The configuration of an account, as far as its loans show it. */
export interface KnownAccount {
  /** The currency of its amounts, in ISO 4217. `null` if the configuration names none. */
  readonly currency: string | null
  /** Whether it has a bank that the engine can poll. Without one, nothing is confirmed automatically. */
  readonly hasBank: boolean
  /** When its bank is polled. If absent, the default applies. */
  readonly cadence?: CadenceSettings
}

/** The configured accounts. Loans of other accounts are not polled any more. */
export const KnownAccounts = Context.Reference<ReadonlyMap<string, KnownAccount>>(
  "@loan-engine/app/KnownAccounts",
  { defaultValue: () => new Map() },
)
export type KnownAccounts = ReadonlyMap<string, KnownAccount>
