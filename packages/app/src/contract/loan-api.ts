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
        "Takes the answer to a submission: the bank's submitApplicationExt response as XML, as it came, or JSON with its " +
          "members. `externalReference` is what you call the application: loans are found by it. " +
          "201 the first time, 200 when the loan was registered with the same answer before, which changes nothing. The first " +
          "registration stands: another decision or offer is answered 409, with the decision that stands.",
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
  error: answers(),
})
  .annotate(RequiredScope, "read")
  .annotateMerge(
    OpenApi.annotations(
      described(
        "List loans",
        "read",
        "Loans that meet every filter, ordered by account and reference; `reference` is what the application reference begins " +
          "with, letter by letter. `next` is the cursor of the page behind; a page may " +
          "hold fewer loans than `limit`, or none, and still have a next one.",
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
        "Where a loan stands",
        "read",
        "No path can carry the references `.` and `..`: they are written `~.` and `~..`. " +
          "The ETag begins with the loan's version, and changes with whatever is shown of the loan, the plan of its polls included.",
      ),
    ),
  )

const history = HttpApiEndpoint.get("history", `${loanPath}/history`, {
  params,
  query: { after: Schema.optionalKey(Version), limit: Schema.optionalKey(Limit) },
  success: HttpApiSchema.WithHeaders(Schema.Array(EntryJson), { link: Schema.optionalKey(Schema.String) }),
  error: answers("loan-unknown"),
})
  .annotate(RequiredScope, "read")
  .annotateMerge(
    OpenApi.annotations(
      described(
        "A loan's journal",
        "read",
        "Every observation, its evidence, and what it did, oldest first: those behind the version `after`, `limit` at most (500 " +
          "unless fewer are asked for). Where there are more, the header `Link` names the next page (RFC 8288).",
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
        "Ask the bank now",
        "operate",
        "Asks for the loan's status and its decision, and records the answers.",
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
        "Settles what the bank has contradicted itself about. `If-Match` with the ETag of the loan that was looked at keeps " +
          "the ruling from a loan that has moved on (412); a list of ETags and `*` are taken too, and a weak ETag never matches. With `dryRun=true` nothing is written.",
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
  "`by` is who says so, and the key's name where it is left out; the key stands in the journal beside it. " +
  "`If-Match` with the ETag of the loan that was looked at keeps it from a loan that has moved on (412). " +
  "The same again changes nothing."

const close = HttpApiEndpoint.post("close", `${loanPath}/close`, {
  params,
  headers: { "if-match": Schema.optionalKey(Schema.String) },
  payload: ClosingJson,
  success: HttpApiSchema.WithHeaders(LoanJson, etag),
  error: closureAnswers,
})
  .annotate(RequiredScope, "operate")
  .annotateMerge(
    OpenApi.annotations(
      described(
        "Close a loan",
        "operate",
        "Nobody pursues the application any more. It is nobody's verdict: the stage goes on being what the bank says. The bank is asked " +
          "rarely or no more, nobody has anything left to do, and if the bank goes further than was known (an approval, an offer, a " +
          "signature, a pay-out, a request for documents), the loan is open again. " +
          whoAndWhen,
      ),
    ),
  )

const reopen = HttpApiEndpoint.post("reopen", `${loanPath}/reopen`, {
  params,
  headers: { "if-match": Schema.optionalKey(Schema.String) },
  payload: ReopeningJson,
  success: HttpApiSchema.WithHeaders(LoanJson, etag),
  error: closureAnswers,
})
  .annotate(RequiredScope, "operate")
  .annotateMerge(
    OpenApi.annotations(
      described(
        "Open a closed loan again",
        "operate",
        "The application is pursued again, and the bank is asked about it soon. " + whoAndWhen,
      ),
    ),
  )

const sse = HttpApiSchema.StreamSse({ data: ChangeJson })
const resuming = { "last-event-id": Schema.optionalKey(Cursor) }
const resumed =
  "Server-sent events: each `change` has its cursor as its id: its position in the feed, and a mark of the feed's history. " +
  "`Last-Event-ID`, or `after`, continues behind that cursor, or behind a bare position, across reconnects and restarts of the " +
  "engine; without either it begins with what comes next. Delivered at least once, in order, and none is left out. An event " +
  "without data says that the line still stands, and moves the id on. If the feed does not have the place (it is beyond the " +
  "end, of another store, or from before a backup was restored), the answer is 410 `cursor-unknown`: read the loans again, " +
  "then follow without a cursor."

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
 * The merchant's API: what is served under `/v1`, and what the typed client is derived from. Runs in a browser. A query parameter that an
 * endpoint does not know is refused: a misspelt filter would list every loan, and a misspelt `dryRun` would rule.
 */
export const LoanApi = HttpApi.make("loan-engine")
  .annotate(HttpApi.QueryParseOptions, { onExcessProperty: "error" })
  .add(LoansGroup, ChangesGroup, AccountsGroup)
