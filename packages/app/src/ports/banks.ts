import type { BankClient } from "@loan-engine/adapters-http/bank/client"
import type { AccountName } from "@loan-engine/domain/observation"
import { Context } from "effect"

/** The bank clients, one for each account. If an account has no bank client, its loans are never polled. */
export class Banks extends Context.Service<Banks, ReadonlyMap<AccountName, BankClient>>()(
  "@loan-engine/app/Banks",
) {}
