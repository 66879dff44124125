import type { BankClient } from "@loan-engine/adapters-http/bank-client"
import type { AccountName } from "@loan-engine/domain/observation"
import { makeBankClient } from "@loan-engine/adapters-http/bank-client"
import { Context, Effect, Layer } from "effect"
import type { OperatorConfig } from "./config.ts"

/** The bank's own door, one client for each account; an account without one is never polled. */
export class Banks extends Context.Service<Banks, ReadonlyMap<AccountName, BankClient>>()(
  "@loan-engine/app/Banks",
) {}

/** A client for every account that has a bank. */
export const banksLayer = ({ accounts, poller, breakerLimits }: OperatorConfig) =>
  Layer.effect(
    Banks,
    Effect.gen(function* () {
      const limits = { ...breakerLimits, bankRequestsPerSecondMax: poller.pollRatePerSecond }
      const clients = yield* Effect.forEach(accounts, ({ name, bank }) =>
        bank === undefined
          ? Effect.succeed([])
          : Effect.map(makeBankClient({ ...bank, account: name, limits }), (client) => [
              [name, client] as const,
            ]),
      )
      return new Map(clients.flat())
    }),
  )
