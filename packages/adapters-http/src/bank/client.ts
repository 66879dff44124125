import * as AcceptQuote from "@loan-engine/adapters-xml/accept-quote"
import * as ApplicationQuote from "@loan-engine/adapters-xml/get-application-quote"
import * as ApplicationStatus from "@loan-engine/adapters-xml/get-application-status"
import * as SetCallback from "@loan-engine/adapters-xml/set-callback"
import * as SubmitApplication from "@loan-engine/adapters-xml/submit-application-ext"
import * as UpdateApplication from "@loan-engine/adapters-xml/update-application"
import type { ApplicationReference } from "@loan-engine/domain/observation"
import { Effect, Redacted } from "effect"
import type { Scope } from "effect"
import { makeAsk } from "./ask.ts"
import type { Ask, BankAnswer } from "./ask.ts"
import { BankConfigError, BankError, BankMalformed, BankRequestInvalid } from "./error.ts"
import type { BankOperation } from "./error.ts"
import type { BankRoute } from "../http/route.ts"
import { breakerLimitsDefault, makeBankGuard } from "./guard.ts"
import type { BreakerLimits } from "./guard.ts"
import type { CircuitState } from "./metrics.ts"
import { isCredentialsText } from "../http/authorization.ts"
import type { CallbackCredentials } from "../http/authorization.ts"
import { makeExchange } from "../http/exchange.ts"
import type { Exchange, ExchangeLimits } from "../http/exchange.ts"
import { isSecureUrl, secureUrlRule } from "../http/secure-url.ts"

export interface BankClientLimits extends ExchangeLimits, BreakerLimits {}

export const bankClientLimitsDefault: BankClientLimits = {
  connectMsMax: 5_000,
  headersMsMax: 20_000,
  bodyIdleMsMax: 10_000,
  exchangeMsMax: 30_000,
  responseBytesMax: 1_048_576,
  connectionsMax: 8,
  ...breakerLimitsDefault,
}

export interface BankClientOptions {
  /** Such as `https://test.resurs.com/cl-webservice/ApplicationService`. */
  readonly url: string
  readonly username: string
  readonly password: Redacted.Redacted
  /** The account's name in metrics and traces. */
  readonly account?: string
  readonly limits?: Partial<BankClientLimits>
  /** What sends the requests. The default is HTTP. */
  readonly exchange?: Exchange
  /** The route of HTTP requests. The default is a direct connection. */
  readonly route?: BankRoute
}

export interface CallbackRegistration {
  readonly callbackUrl: string
  /** The credentials that the bank must send in each callback's Authorization header. */
  readonly authorization?: CallbackCredentials
}

type Answers<A> = Effect.Effect<BankAnswer<A>, BankError>

/**
 * A client for one account at the bank. It sends each request at once and repeats none. Its caller decides when to
 * send and whether to ask again. In the engine, that is the poller.
 */
export interface BankClient {
  /** Call this only once for each URL, as the bank demands. */
  readonly setCallback: (registration: CallbackRegistration) => Answers<SetCallback.SetCallbackResponse>
  readonly getApplicationStatus: (
    reference: ApplicationReference,
  ) => Answers<ApplicationStatus.GetApplicationStatusResponse>
  readonly getApplicationQuote: (
    reference: ApplicationReference,
  ) => Answers<ApplicationQuote.GetApplicationQuoteResponse>
  readonly submitApplicationExt: (
    request: SubmitApplication.SubmitApplicationExtRequest,
  ) => Answers<SubmitApplication.SubmitApplicationExtResponse>
  readonly updateApplication: (
    request: UpdateApplication.UpdateApplicationRequest,
  ) => Answers<UpdateApplication.UpdateApplicationResponse>
  readonly acceptQuote: (reference: ApplicationReference) => Answers<AcceptQuote.AcceptQuoteResponse>
  /** The state of the circuit breaker: whether requests are sent now. */
  readonly circuit: Effect.Effect<CircuitState>
}

/**
 * User names that all integrators share. If one integrator registers a callback URL, it replaces the URL of the
 * others.
 */
const sharedUsernames: ReadonlySet<string> = new Set(["testse", "testno", "testdk", "testfi"])

/**
 * Makes a client for one account. Its connections close with the scope.
 *
 * Errors: {@link BankConfigError} if the URL or the user name must not be used. An operation that fails has a
 * {@link BankError}, whose `reason` says what a caller can do.
 *
 * Source: the bank's page, "Register the callback-URL" and "To poll the application reference".
 */
export const makeBankClient = Effect.fnUntraced(function* (
  options: BankClientOptions,
): Effect.fn.Return<BankClient, BankConfigError, Scope.Scope> {
  const fault = optionsFault(options)
  if (fault !== undefined) return yield* new BankConfigError({ message: fault })
  const limits = { ...bankClientLimitsDefault, ...options.limits }
  const guard = yield* makeBankGuard(limits, options.account ?? "")
  const unguarded = makeAsk(
    yield* makeExchange(limits, options.exchange, options.route),
    options,
    limits.responseBytesMax,
  )
  const ask: Ask = (operation, ...message) => guard.through(operation, unguarded(operation, ...message))
  return {
    circuit: guard.circuit,
    getApplicationStatus: (applicationReference) =>
      ask(
        "getApplicationStatus",
        ApplicationStatus.getApplicationStatusRequest,
        ApplicationStatus.getApplicationStatusResponse,
        { applicationReference },
      ),
    getApplicationQuote: (applicationReference) =>
      ask(
        "getApplicationQuote",
        ApplicationQuote.getApplicationQuoteRequest,
        ApplicationQuote.getApplicationQuoteResponse,
        { applicationReference },
      ).pipe(Effect.flatMap((answer) => aboutThisLoan("getApplicationQuote", applicationReference, answer))),
    setCallback: (registration) => setCallback(ask, options.username, registration),
    submitApplicationExt: (request) =>
      ask(
        "submitApplicationExt",
        SubmitApplication.submitApplicationExtRequest,
        SubmitApplication.submitApplicationExtResponse,
        request,
      ),
    updateApplication: (request) =>
      ask(
        "updateApplication",
        UpdateApplication.updateApplicationRequest,
        UpdateApplication.updateApplicationResponse,
        request,
      ),
    acceptQuote: (applicationReference) =>
      ask("acceptQuote", AcceptQuote.acceptQuoteRequest, AcceptQuote.acceptQuoteResponse, {
        applicationReference,
      }),
  }
})

function optionsFault({ url, username, password, route }: BankClientOptions): string | undefined {
  if (!isSecureUrl(url, route?.plainHttpHosts)) return `the bank's URL ${secureUrlRule}`
  if (username === "" || /[:\p{Cc}]/u.test(username))
    return "set a user name without colons or control characters"
  return Redacted.value(password) === "" ? "set the account's password" : undefined
}

/** Fails if the answer is about another loan. Such an answer must not change this loan. */
function aboutThisLoan<A extends { readonly applicationReference: ApplicationReference }>(
  operation: BankOperation,
  asked: ApplicationReference,
  answer: BankAnswer<A>,
): Answers<A> {
  if (answer.message.applicationReference === asked) return Effect.succeed(answer)
  const problem = "expected the application reference that was asked about"
  return Effect.fail(
    new BankError({
      operation,
      reason: new BankMalformed({ code: "other-application", path: "applicationReference", problem }),
    }),
  )
}

const setCallback = Effect.fnUntraced(function* (
  ask: Ask,
  username: string,
  { callbackUrl, authorization }: CallbackRegistration,
): Effect.fn.Return<BankAnswer<SetCallback.SetCallbackResponse>, BankError> {
  const problem = registrationProblem(callbackUrl, authorization)
  if (problem !== undefined) {
    return yield* new BankError({ operation: "setCallback", reason: new BankRequestInvalid({ problem }) })
  }
  if (sharedUsernames.has(username)) {
    yield* Effect.logWarning(
      `${username} is shared by every integrator: the next one to register overwrites this callback URL`,
    )
  }
  return yield* ask("setCallback", SetCallback.setCallbackRequest, SetCallback.setCallbackResponse, {
    callbackUrl,
    ...(authorization && {
      callbackCredentials: Redacted.value(authorization.credentials),
      callbackAuthMethod: authorization.method,
    }),
  })
})

function registrationProblem(callbackUrl: string, authorization?: CallbackCredentials): string | undefined {
  if (!isSecureUrl(callbackUrl)) return "the callback URL must be https (or http on a loopback address)"
  const isText = authorization === undefined || isCredentialsText(authorization.credentials)
  return isText
    ? undefined
    : "callback credentials must be base64 text, such as the base64 form of user:password"
}
