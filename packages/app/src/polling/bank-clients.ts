import { bankClientLimitsDefault, makeBankClient } from "@loan-engine/adapters-http/bank-client"
import { Effect, Layer } from "effect"
import { Banks } from "./banks.ts"
import type { OperatorConfig } from "../config/config.ts"

/** A client for every account that has a bank. */
export const banksLayer = ({ accounts, poller, breakerLimits }: OperatorConfig) =>
  Layer.effect(
    Banks,
    Effect.gen(function* () {
      const limits = {
        ...breakerLimits,
        bankRequestsPerSecondMax: poller.pollRatePerSecond,
        // As many as may be asked at once, or what was claimed would wait for a connection while its lease runs out.
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
