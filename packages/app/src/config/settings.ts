import { kinds } from "./kinds.ts"
import { withDefault } from "./setting.ts"
import type { ValuesOf, WrittenOf } from "./setting.ts"
import { accountSettings } from "./settings/accounts.ts"
import { api } from "./settings/api.ts"
import { route, testing } from "./settings/bank-route.ts"
import { callbacks } from "./settings/callbacks.ts"
import { listening } from "./settings/listening.ts"
import { polling } from "./settings/polling.ts"
import { store } from "./settings/store.ts"
import { telemetry } from "./settings/telemetry.ts"
import { webhooks } from "./settings/webhooks.ts"

export const environment = {
  otherVariables: withDefault(
    kinds.texts,
    [],
    "variables that begin with `LOAN_ENGINE_` but belong to another program. The engine ignores them, and refuses any other unknown variable",
  ),
}

/** Every setting, except those of the accounts. */
export const engineSettings = {
  ...listening,
  ...store,
  ...callbacks,
  ...polling,
  ...webhooks,
  ...api,
  ...telemetry,
  ...route,
  ...testing,
  ...environment,
}

export { accountSettings }
export type EngineValues = ValuesOf<typeof engineSettings>
export type AccountValues = ValuesOf<typeof accountSettings>

/** The settings of one account, in the form that code or a file uses. */
export type AccountSettings = WrittenOf<typeof accountSettings>

/**
 * All settings, in the form that code or a file uses. If a setting is missing, its default applies. An account's
 * setting may also be given outside of `accounts`. Then it applies to every account that does not have its own,
 * unless it identifies an account.
 */
export interface LoanEngineSettings
  extends WrittenOf<typeof engineSettings>, WrittenOf<typeof accountSettings> {
  /**
   * The accounts by name: `se`, `no`, … The name is also the last part of the callback's path. If absent, there is
   * one account named `default`.
   */
  readonly accounts?: Readonly<Record<string, AccountSettings>>
}
