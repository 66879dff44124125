import { bankClientLimitsDefault, makeBankClient } from "@loan-engine/adapters-http/bank/client"
import type { BankClientOptions } from "@loan-engine/adapters-http/bank/client"
import type { BreakerLimits } from "@loan-engine/adapters-http/bank/guard"
import type { AccountName } from "@loan-engine/domain/observation"
import { Effect, Layer } from "effect"
import { Banks } from "../ports/banks.ts"
import type { PollerSettings } from "./settings.ts"

/** The accounts, the addresses and credentials of their banks, and the limits of requests to each bank. */
export interface BanksOptions {
  readonly accounts: ReadonlyArray<{
    readonly name: AccountName
    readonly bank: Omit<BankClientOptions, "account" | "limits"> | undefined
  }>
  readonly poller: Pick<PollerSettings, "pollsInFlightMax">
  readonly breakerLimits: BreakerLimits
}

/** A client for every account that has a bank. */
export const banksLayer = ({ accounts, poller, breakerLimits }: BanksOptions) =>
  Layer.effect(
    Banks,
    Effect.gen(function* () {
      const limits = {
        ...breakerLimits,
        // As many connections as polls may run at once. Otherwise a claimed poll would wait for a connection while its
        // lease expires.
        connectionsMax: Math.max(bankClientLimitsDefault.connectionsMax, poller.pollsInFlightMax),
      }
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
