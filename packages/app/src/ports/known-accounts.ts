import { Context } from "effect"
import type { CadenceSettings } from "../schedule/poll-cadence.ts"

/** The configuration of an account, as far as it matters for the account's loans. */
export interface KnownAccount {
  /** The currency of the account's amounts, in ISO 4217. `null` if the configuration names none. */
  readonly currency: string | null
  /** Whether the engine can poll the account's bank. If not, only a person can confirm anything. */
  readonly hasBank: boolean
  /** The cadence for the account's bank. If absent, the default applies. */
  readonly cadence?: CadenceSettings
}

/** The configured accounts. The engine does not poll loans of any other account. */
export const KnownAccounts = Context.Reference<ReadonlyMap<string, KnownAccount>>(
  "@loan-engine/app/KnownAccounts",
  { defaultValue: () => new Map() },
)
export type KnownAccounts = ReadonlyMap<string, KnownAccount>
