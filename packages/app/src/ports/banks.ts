import type { BankClient } from "@loan-engine/adapters-http/bank/client"
import type { AccountName } from "@loan-engine/domain/observation"
import { Context } from "effect"

/** The bank clients, one for each account. An account without one is never polled. */
export class Banks extends Context.Service<Banks, ReadonlyMap<AccountName, BankClient>>()(
  "@loan-engine/app/Banks",
) {}
