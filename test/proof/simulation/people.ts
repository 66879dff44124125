import { makeBankClient } from "@loan-engine/adapters-http/bank/client"
import type { Exchange } from "@loan-engine/adapters-http/http/exchange"
import { submissionObservation } from "@loan-engine/app/api/registration"
import type { BankLoan } from "@loan-engine/app/sandbox/bank-loan"
import type { SandboxBank } from "@loan-engine/app/sandbox/sandbox-bank"
import type { Observation } from "@loan-engine/domain/observation"
import { Effect } from "effect"
import { accounts } from "./accounts.ts"
import type { SimulatedAccount } from "./accounts.ts"
import type { EngineHost } from "./engine-host.ts"
import { bankAccess } from "./engine-process.ts"
import { decisionWords } from "./true-words.ts"
import type { Witness } from "./witness.ts"
import { hourMs, minuteMs, secondMs } from "./world.ts"
import type { World } from "./world.ts"

export interface PeopleSettings {
  readonly world: World
  readonly witness: Witness
  readonly host: EngineHost
  readonly bank: SandboxBank
  readonly merchantExchange: Exchange
  readonly live: (loan: BankLoan) => Effect.Effect<void>
  readonly leave: (effect: Effect.Effect<unknown>) => Effect.Effect<void>
}

/**
 * Sends applications to the bank and registers the bank's answers with the engine: mostly soon, sometimes much later.
 */
export const makeMerchant = Effect.fnUntraced(function* (settings: PeopleSettings) {
  const { world, bank, leave } = settings
  const draws = world.draws("merchant")
  const open = (account: SimulatedAccount) =>
    makeBankClient({ ...bankAccess(account), exchange: settings.merchantExchange })
  const [first, ...others] = accounts
  const clients = [yield* open(first), ...(yield* Effect.forEach(others, open))] as const

  const apply = Effect.fnUntraced(function* (externalReference: string) {
    const { raw, message } = yield* draws.pick(clients).submitApplicationExt({
      xml: `<resurs-response><loan>${externalReference}</loan></resurs-response>`,
      consumerIp: "127.0.0.1",
      externalReference,
    })
    const loan = bank.loans.get(message.applicationReference)
    if (loan === undefined) return
    // Ends the life that the sandbox would give this loan, because the simulation gives it another.
    loan.over = true
    const submitted = { ...loan }
    yield* leave(settings.live(loan))
    const twice = draws.chance(world.rates().submissionToldTwice)
    if (twice) world.count("submission told twice")
    for (let told = 0; told < (twice ? 2 : 1); told++) {
      const afterMs = draws.chance(0.7) ? draws.between(0, 5 * secondMs) : draws.between(0, 6 * hourMs)
      yield* leave(Effect.delay(register(settings, submitted, raw), afterMs))
    }
  }, Effect.orDie)
  return apply
}, Effect.orDie)

/** Tries again until the engine has accepted the registration. */
const register = ({ world, witness, host }: PeopleSettings, loan: BankLoan, raw: Uint8Array) =>
  Effect.gen(function* () {
    for (let waitMs = minuteMs; ; waitMs = Math.min(2 * waitMs, 6 * hourMs)) {
      const running = yield* host.up
      const at = world.engineNow()
      witness.said(loan.reference, decisionWords(loan, at, false))
      const account = accounts.find(({ name }) => name === loan.account)?.name ?? accounts[0].name
      const known = yield* Effect.orElseSucceed(running.engine.loan(loan.reference), () => undefined)
      if (known !== undefined && !known.loan.registered) world.count("submission outrun by a callback")
      const recorded = Effect.flatMap(submissionObservation(raw, "text/xml", account, at), (observation) =>
        running.engine.record(observation, raw),
      )
      const taken = yield* Effect.raceFirst(
        Effect.as(world.onEngineTime(recorded), true),
        Effect.as(running.died, false),
      ).pipe(Effect.orElseSucceed(() => false))
      world.tell(() => `${loan.reference} is registered in ${loan.account}: ${taken ? "taken" : "not taken"}`)
      if (taken && running.isAlive()) return
      yield* Effect.sleep(waitMs)
    }
  })

/**
 * An operator who learns of a dispute and looks at the loan a little later. If it is still in dispute, the operator
 * rules, but not always correctly.
 */
export const makeOperator = (settings: PeopleSettings) => {
  const { world, host, bank, leave } = settings
  const draws = world.draws("operator")
  return (reference: string): Effect.Effect<void> => {
    const look = Effect.gen(function* () {
      const running = host.running()
      const loan = bank.loans.get(reference)
      if (running === undefined || loan === undefined) return
      const stored = yield* running.engine.loan(loan.reference)
      if (stored?.loan.stage === "disputed") yield* rule(settings, loan, draws.chance(0.6))
    })
    return leave(Effect.delay(Effect.ignore(look), draws.between(1, 90) * secondMs))
  }
}

const rule = ({ world, witness, host }: PeopleSettings, loan: BankLoan, rightly: boolean) =>
  Effect.gen(function* () {
    const running = host.running()
    if (running === undefined) return
    const at = world.engineNow()
    const decision = (loan.decision === "APPROVED") === rightly ? "approved" : "rejected"
    const by = "an operator"
    witness.said(loan.reference, [{ type: "ruling", at, content: { decision, by, offer: null } }])
    const account = accounts.find(({ name }) => name === loan.account)?.name ?? accounts[0].name
    const observation: Observation = {
      applicationReference: loan.reference,
      account,
      source: "operator",
      evidence: "operator",
      receivedAt: at,
      events: [{ type: "dispute.ruled", at, decision, by, reason: "after a call to the bank" }],
    }
    world.tell(() => `the operator rules ${loan.reference} ${decision}`)
    world.count(rightly ? "right ruling" : "wrong ruling")
    yield* Effect.raceFirst(
      world.onEngineTime(running.engine.record(observation, new Uint8Array())),
      Effect.asVoid(running.died),
    )
  })
