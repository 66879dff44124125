import { Offer } from "@loan-engine/domain/offer"
import { Schema } from "effect"
import type { AccountJson, KeyJson } from "./account-schemas.ts"
import type {
  ChangeJson,
  ClosingJson,
  EntryJson,
  LoanJson,
  LoanPage,
  PolledJson,
  ReopeningJson,
  RuledJson,
  RulingJson,
  SubmissionAnswer,
} from "./loan-schemas.ts"

/**
 * One request and its answer. A test sends all of them in this order to an engine, and compares every member of the
 * answers except times, digests and cursors.
 */
export interface Example {
  readonly operationId: string
  readonly path: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, string>>
  readonly body?: unknown
  readonly status: number
  readonly answer: unknown
}

const reference = "7b0e61b4-5d43-4f0a-9b8c-0f6a2d5c1e90"
const heardAt = "2026-03-02T09:14:22.409Z"
const askedAt = "2026-03-02T09:14:22.511Z"
const answeredAt = "2026-03-02T09:14:22.535Z"
const offer = Schema.decodeSync(Offer)({
  approvedAmount: "100000",
  interest: "8.95",
  tenor: 84,
  monthlyCost: "1610",
})

const registered: LoanJson = {
  applicationReference: reference,
  account: "default",
  registered: true,
  externalReference: "order-4711",
  version: 1,
  stage: "manualInspection",
  additionOutstanding: false,
  requiredDocuments: [],
  offer: null,
  offers: [],
  currency: null,
  signing: { signed: false, heardAt: null, method: null, offer: null, timeline: [] },
  closed: false,
  closure: null,
  next: { actor: "bank", action: "inspect-manually" },
  stalled: false,
  dormant: false,
  suggestion: null,
  nextPollAt: "2026-03-02T10:53:14.465Z",
  lastHeardFromBankAt: null,
  lastAskedAt: null,
}
const approved: LoanJson = {
  ...registered,
  version: 2,
  stage: "approved",
  offer,
  offers: [{ heardAt, offer }],
  next: { actor: "customer", action: "sign-agreement" },
}
const polled: LoanJson = { ...approved, version: 4, lastHeardFromBankAt: answeredAt, lastAskedAt: askedAt }
const closed: LoanJson = {
  ...polled,
  version: 5,
  closed: true,
  closure: { reason: "withdrawn", by: "Anna Berg", at: "2026-03-04T13:02:10.632Z", note: "by phone" },
  next: { actor: "nobody", action: "none" },
}
const reopened: LoanJson = { ...polled, version: 6 }

const registration: EntryJson = {
  position: 1,
  version: 1,
  account: "default",
  source: "submission",
  evidence: "merchant",
  disposition: "advanced",
  reason: null,
  receivedAt: "2026-03-02T09:14:20.272Z",
  recordedAt: "2026-03-02T09:14:20.279Z",
  events: [{ type: "decision.pending", at: "2026-03-02T09:14:20.272Z" }],
  levels: [],
  steps: [{ from: "submitted", to: "manualInspection", inferred: false }],
  reversal: null,
  closure: null,
  requestedSigningMethod: null,
  through: "default",
  leftOut: [],
  digest: "75d331e47de3733444e84697a7c371a14f870ca50c5e3c91c64598852a09aa9b",
  previousHash: "",
  hash: "d262989154f8ac20b2bc22787db86d0a0ee26f896ff382e0bf05ffaeeb2ac4c0",
  repeats: 0,
  lastRepeatedAt: null,
}
const { repeats, lastRepeatedAt, ...callback } = {
  ...registration,
  position: 2,
  version: 2,
  source: "callback",
  evidence: "credentials",
  receivedAt: heardAt,
  recordedAt: "2026-03-02T09:14:22.425Z",
  events: [{ type: "decision.approved", at: heardAt, offer }],
  steps: [{ from: "manualInspection", to: "approved", inferred: false }],
  through: null,
  digest: "7e3d296fd372349139f467ff9e9b4a421cfad8f68acd8a6cf6834553efe58cc3",
  previousHash: registration.hash,
  hash: "c541fe3b41d8ec3d72ece58c2be6837d14fafdeaad5ea802caeb4227ad0553dc",
} as const satisfies EntryJson
const change: ChangeJson = {
  ...callback,
  applicationReference: reference,
  cursor: "2-5f0c1c9e8d7b6a54",
  loan: approved,
}
const streamed = { id: change.cursor, event: "change", data: JSON.stringify(change) }

const account: AccountJson = {
  name: "default",
  loans: {
    submitted: 0,
    manualInspection: 0,
    approved: 1,
    rejected: 0,
    waitingForAddition: 0,
    signed: 0,
    paidOut: 0,
    disputed: 0,
  },
  closed: 0,
  stalled: 0,
  callbacks: {
    days: 7,
    byCallback: 1,
    byPoll: 0,
    late: 0,
    awaited: 0,
    missed: 0,
    missedRate: 0,
    forged: 0,
    unauthorized: 0,
    lastCallbackAt: "2026-03-05T08:30:01.680Z",
    alarming: false,
    state: "fine",
    command: "loan-engine callback health --account default",
  },
}

const decided = (creditDecision: object) => ({
  externalApplicationEvent: {
    applicationReference: reference,
    applicationEventType: "CREDIT_DECISION_UPDATED",
    creditDecision,
  },
})
const ofLoan = { path: { reference }, query: {} }
const ofAccount = { path: { account: "default" }, query: {} }
const ofAll = { path: {}, query: {} }

export const examples: ReadonlyArray<Example> = [
  {
    operationId: "loans.register",
    path: {},
    query: { externalReference: "order-4711" },
    body: {
      applicationReference: reference,
      decision: "MANUAL_INSPECTION",
    } satisfies Encoded<SubmissionAnswer>,
    status: 201,
    answer: registered,
  },
  {
    operationId: "bank.callback",
    ...ofAccount,
    body: decided({
      creditDecision: "APPROVED",
      approvedAmount: 100_000,
      interest: 8.95,
      tenor: 84,
      monthlyCost: 1_610,
    }),
    status: 200,
    answer: { disposition: "advanced" },
  },
  { operationId: "loans.get", ...ofLoan, status: 200, answer: approved },
  {
    operationId: "loans.history",
    path: { reference },
    query: { limit: "2" },
    status: 200,
    answer: [registration, { ...callback, repeats, lastRepeatedAt }],
  },
  {
    operationId: "changes.loanChanges",
    path: { reference },
    query: { after: "1" },
    status: 200,
    answer: streamed,
  },
  { operationId: "changes.changes", path: {}, query: { after: "1" }, status: 200, answer: streamed },
  {
    operationId: "loans.poll",
    ...ofLoan,
    status: 200,
    answer: {
      ...polled,
      asked: [
        { question: "status", disposition: "noted" },
        { question: "quote", disposition: "noted" },
      ],
    } satisfies PolledJson,
  },
  {
    operationId: "loans.list",
    path: {},
    query: { stage: "approved", limit: "50" },
    status: 200,
    answer: { loans: [polled], next: null } satisfies LoanPage,
  },
  {
    operationId: "loans.close",
    ...ofLoan,
    body: { reason: "withdrawn", by: "Anna Berg", note: "by phone" } satisfies ClosingJson,
    status: 200,
    answer: closed,
  },
  {
    operationId: "loans.reopen",
    ...ofLoan,
    body: { by: "Anna Berg", note: "closed by mistake" } satisfies ReopeningJson,
    status: 200,
    answer: reopened,
  },
  {
    operationId: "bank.callback",
    ...ofAccount,
    body: decided({ creditDecision: "REJECTED" }),
    status: 200,
    answer: { disposition: "disputed" },
  },
  {
    operationId: "loans.ruling",
    ...ofLoan,
    body: {
      decision: "approved",
      by: "Anna Berg",
      reason: "the bank confirmed it by phone",
    } satisfies RulingJson,
    status: 200,
    answer: {
      dryRun: false,
      disposition: "advanced",
      steps: [{ from: "disputed", to: "approved", inferred: false }],
      stage: "approved",
      version: 8,
    } satisfies RuledJson,
  },
  { operationId: "accounts.accounts", ...ofAll, status: 200, answer: [account] },
  {
    operationId: "accounts.key",
    ...ofAll,
    status: 200,
    answer: { name: "default", scopes: ["read", "register", "operate"] } satisfies KeyJson,
  },
  { operationId: "operators.live", ...ofAll, status: 200, answer: { status: "alive" } },
  {
    operationId: "operators.ready",
    ...ofAll,
    status: 200,
    answer: { status: "ready", checks: { store: "ok", process: "ok", durability: "ok" } },
  },
  {
    operationId: "operators.metrics",
    ...ofAll,
    status: 200,
    answer: 'loan_engine_callbacks_total{account="default",verdict="advanced"} 1\n',
  },
]

type Encoded<A> = { readonly [Name in keyof A]: A[Name] extends string ? string : A[Name] }

type Described = { readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> }
interface Operation {
  readonly operationId: string
  readonly parameters: ReadonlyArray<{ readonly name: string; readonly in: string; example?: unknown }>
  readonly requestBody?: { readonly content: Content }
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>
}
type Content = Readonly<Record<string, { example?: unknown }>>

/** Writes each operation's first example into the description, and returns the description. */
export function withExamples<Spec extends Described>(spec: Spec): Spec {
  for (const operation of Object.values(spec.paths).flatMap((item) => Object.values(item))) {
    const example = examples.find(({ operationId }) => operationId === operation.operationId)
    if (example === undefined) continue
    for (const parameter of operation.parameters) {
      const value = example.path[parameter.name] ?? example.query[parameter.name]
      if (value !== undefined && parameter.in !== "header") parameter.example = value
    }
    put(operation.requestBody?.content, example.body)
    put(operation.responses[String(example.status)]?.content, example.answer)
  }
  return spec
}

/** Sets the example of the first media type. All examples are written for that one. */
function put(content: Content = {}, value: unknown): void {
  const [first] = Object.values(content)
  if (first !== undefined && value !== undefined) first.example = value
}
