import { Schema } from "effect"
import { HttpApi, HttpApiEndpoint, HttpApiGroup, HttpApiSchema, OpenApi } from "effect/http-api"
import { AccountsGroup } from "./account-api.ts"
import { Access, answers, described, Problems, Produces, RequiredScope } from "./api-contract.ts"
import { flag, Limit, Cursor, ReferencePrefix, Version } from "./api-parameters.ts"
import { ReferenceInPath } from "./reference-in-path.ts"
import {
  AccountName,
  ChangeJson,
  EntryJson,
  ExternalReference,
  LoanJson,
  LoanPage,
  PolledJson,
  RuledJson,
  ClosingJson,
  ReopeningJson,
  RulingJson,
  stages,
  SubmissionAnswer,
} from "./loan-schemas.ts"

const loanPath = "/v1/loans/:reference"
const params = { reference: ReferenceInPath }
const etag = { etag: Schema.String }

const register = HttpApiEndpoint.post("register", "/v1/loans", {
  query: {
    account: Schema.optionalKey(AccountName),
    externalReference: Schema.optionalKey(ExternalReference),
  },
  payload: [
    SubmissionAnswer,
    Schema.String.pipe(HttpApiSchema.asText({ contentType: "application/xml" })),
    Schema.String.pipe(HttpApiSchema.asText({ contentType: "text/xml" })),
  ],
  success: [
    HttpApiSchema.WithHeaders(LoanJson, etag),
    HttpApiSchema.WithHeaders(LoanJson.pipe(HttpApiSchema.status(201)), { ...etag, location: Schema.String }),
  ],
  error: answers(
    "submission-malformed",
    "body-unreadable",
    "account-unknown",
    "account-mismatch",
    "registration-mismatch",
    "external-reference-mismatch",
    "body-too-large",
    "media-type-unsupported",
  ),
})
  .annotate(RequiredScope, "register")
  .annotateMerge(
    OpenApi.annotations(
      described(
        "Register a loan",
        "register",
        "The body is the answer to a submission: the bank's submitApplicationExt response as unchanged XML, or JSON with its " +
          "members. `externalReference` is your own name for the application; you can list loans by it. " +
          "The first registration is answered 201. The same registration again changes nothing and is answered 200. A registration " +
          "with another decision or offer is answered 409, with the registered decision.",
      ),
    ),
  )

const list = HttpApiEndpoint.get("list", "/v1/loans", {
  query: {
    reference: Schema.optionalKey(ReferencePrefix),
    stage: Schema.optionalKey(Schema.Literals(stages)),
    account: Schema.optionalKey(AccountName),
    additionOutstanding: flag,
    disputed: flag,
    stalled: flag,
    closed: flag,
    dormant: flag,
    externalReference: Schema.optionalKey(ExternalReference),
    limit: Schema.optionalKey(Limit),
    cursor: Schema.optionalKey(Schema.String),
  },
  success: LoanPage,
  error: answers("reads-exhausted"),
})
  .annotate(RequiredScope, "read")
  .annotateMerge(
    OpenApi.annotations(
      described(
        "List loans",
        "read",
        "Loans that match every filter, ordered by account and reference. `reference` matches the beginning of the application " +
          "reference, case-sensitively. `next` is the cursor of the next page. A page may " +
          "hold fewer loans than `limit`, or none, and still have a next page.",
      ),
    ),
  )

const get = HttpApiEndpoint.get("get", loanPath, {
  params,
  headers: { "if-none-match": Schema.optionalKey(Schema.String) },
  success: [HttpApiSchema.WithHeaders(LoanJson, etag), HttpApiSchema.Empty(304)],
  error: answers("loan-unknown"),
})
  .annotate(RequiredScope, "read")
  .annotateMerge(
    OpenApi.annotations(
      described(
        "Show a loan",
        "read",
        "A path cannot contain the references `.` and `..`: write `~.` and `~..`. " +
          "The ETag begins with the loan's version, and changes with everything that the answer shows, including the next poll.",
      ),
    ),
  )

const history = HttpApiEndpoint.get("history", `${loanPath}/history`, {
  params,
  query: { after: Schema.optionalKey(Version), limit: Schema.optionalKey(Limit) },
  success: HttpApiSchema.WithHeaders(Schema.Array(EntryJson), { link: Schema.optionalKey(Schema.String) }),
  error: answers("loan-unknown", "reads-exhausted"),
})
  .annotate(RequiredScope, "read")
  .annotateMerge(
    OpenApi.annotations(
      described(
        "Show a loan's journal",
        "read",
        "Every observation, its evidence, and what it did, oldest first. A page has the entries after the version `after`, at most " +
          "`limit` (500 by default). If there are more, the header `Link` names the next page (RFC 8288).",
      ),
    ),
  )

const poll = HttpApiEndpoint.post("poll", `${loanPath}/poll`, {
  params,
  success: PolledJson,
  error: answers("loan-unknown", "bank-unanswered"),
})
  .annotate(RequiredScope, "operate")
  .annotateMerge(
    OpenApi.annotations(
      described(
        "Poll the bank now",
        "operate",
        "Asks the bank for the loan's status and its decision, and records the answers.",
      ),
    ),
  )

const ruling = HttpApiEndpoint.post("ruling", `${loanPath}/ruling`, {
  params,
  query: { dryRun: flag },
  headers: { "if-match": Schema.optionalKey(Schema.String) },
  payload: RulingJson,
  success: RuledJson,
  error: answers(
    "loan-unknown",
    "ruling-refused",
    "loan-moved",
    "body-unreadable",
    "body-too-large",
    "media-type-unsupported",
  ),
})
  .annotate(RequiredScope, "operate")
  .annotateMerge(
    OpenApi.annotations(
      described(
        "Rule on a dispute",
        "operate",
        "Settles a contradiction between the bank's statements. Send `If-Match` with the ETag of the loan that you saw: if the loan has " +
          "changed since, the answer is 412. A list of ETags and `*` are accepted too. A weak ETag never matches. With `dryRun=true`, " +
          "nothing is written.",
      ),
    ),
  )

const closureAnswers = answers(
  "loan-unknown",
  "closing-refused",
  "loan-moved",
  "body-unreadable",
  "body-too-large",
  "media-type-unsupported",
)
const whoAndWhen =
  "`by` names the person. If it is absent, the key's name is used. The journal also keeps the key's name. " +
  "Send `If-Match` with the ETag of the loan that you saw: if the loan has changed since, the answer is 412. " +
  "If you send the same request again, nothing changes."

const pursuit = <const Name extends string, Payload extends typeof ClosingJson | typeof ReopeningJson>(
  name: Name,
  payload: Payload,
  title: string,
  text: string,
) =>
  HttpApiEndpoint.post(name, `${loanPath}/${name}`, {
    params,
    headers: { "if-match": Schema.optionalKey(Schema.String) },
    payload,
    success: HttpApiSchema.WithHeaders(LoanJson, etag),
    error: closureAnswers,
  })
    .annotate(RequiredScope, "operate")
    .annotateMerge(OpenApi.annotations(described(title, "operate", text + whoAndWhen)))

const close = pursuit(
  "close",
  ClosingJson,
  "Close a loan",
  "Says that nobody pursues the application any more. This is not a verdict: the stage is still what the bank says. The engine " +
    "polls the bank rarely, and later no more. Nobody has to act. If the bank reports progress (an approval, an offer, a " +
    "signature, a pay-out, a request for documents), the loan opens again. ",
)

const reopen = pursuit(
  "reopen",
  ReopeningJson,
  "Reopen a closed loan",
  "Says that the application is pursued again. The engine polls the bank about it soon. ",
)

const sse = HttpApiSchema.StreamSse({ data: ChangeJson })
const resuming = { "last-event-id": Schema.optionalKey(Cursor) }
const resumed =
  "Server-sent events. The id of each `change` is its cursor: its position in the feed, and a mark of the feed's history. " +
  "To continue after a cursor, send it as `Last-Event-ID` or `after`; a bare position works too. This works across reconnects and " +
  "restarts of the engine. Without either, the stream begins with the next change. Every change is delivered at least once, in " +
  "order. An event without data keeps the connection alive and has a newer id. If the feed does not have the cursor, the answer is " +
  "410 `cursor-unknown`: the cursor is after the end of the feed, from another store, or from before a backup was restored. Then " +
  "read the loans again, and follow without a cursor."

const loanChanges = HttpApiEndpoint.get("loanChanges", `${loanPath}/changes`, {
  params,
  query: { after: Schema.optionalKey(Cursor) },
  headers: resuming,
  success: sse,
  error: answers("loan-unknown", "cursor-unknown", "streams-exhausted"),
})
  .annotate(RequiredScope, "read")
  .annotate(Produces, "text/event-stream")
  .annotateMerge(OpenApi.annotations(described("Watch a loan", "read", resumed)))

const changes = HttpApiEndpoint.get("changes", "/v1/changes", {
  query: { after: Schema.optionalKey(Cursor), account: Schema.optionalKey(AccountName) },
  headers: resuming,
  success: sse,
  error: answers("cursor-unknown", "streams-exhausted"),
})
  .annotate(RequiredScope, "read")
  .annotate(Produces, "text/event-stream")
  .annotateMerge(OpenApi.annotations(described("Watch all loans", "read", resumed)))

export const LoansGroup = HttpApiGroup.make("loans")
  .add(register, list, get, history, poll, ruling, close, reopen)
  .middleware(Access)
  .middleware(Problems)

export const ChangesGroup = HttpApiGroup.make("changes")
  .add(loanChanges, changes)
  .middleware(Access)
  .middleware(Problems)

/**
 * The merchant's API under `/v1`. The typed client is derived from it, also in a browser. An endpoint refuses an
 * unknown query parameter. Otherwise a misspelt filter would list every loan, and a misspelt `dryRun` would rule.
 */
export const LoanApi = HttpApi.make("loan-engine")
  .annotate(HttpApi.QueryParseOptions, { onExcessProperty: "error" })
  .add(LoansGroup, ChangesGroup, AccountsGroup)
