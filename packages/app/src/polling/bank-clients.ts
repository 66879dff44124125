import { bankClientLimitsDefault, makeBankClient } from "@loan-engine/adapters-http/bank/client"
import type { BankClientOptions } from "@loan-engine/adapters-http/bank/client"
import type { BreakerLimits } from "@loan-engine/adapters-http/bank/guard"
import type { AccountName } from "@loan-engine/domain/observation"
import { Effect, Layer } from "effect"
import { Banks } from "../ports/banks.ts"
import type { PollerSettings } from "./settings.ts"

/** For the bank of each account: its address, its credentials, and the limits of requests to it. */
export interface BanksOptions {
  readonly accounts: ReadonlyArray<{
    readonly name: AccountName
    readonly bank: Omit<BankClientOptions, "account" | "limits"> | undefined
  }>
  readonly poller: Pick<PollerSettings, "pollsInFlightMax">
  readonly breakerLimits: BreakerLimits
}

/** Makes a client for every account that has a bank. */
export const banksLayer = ({ accounts, poller, breakerLimits }: BanksOptions) =>
  Layer.effect(
    Banks,
    Effect.gen(function* () {
      const limits = {
        ...breakerLimits,
        // At least as many connections as polls may run at once. With fewer, a claimed poll could wait for a
        // connection until its lease ends.
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
