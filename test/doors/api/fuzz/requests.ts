import fc from "fast-check"
import { apiKey, callbackAuthorization } from "../../../whole/slice/engine-process.ts"
import type { Description, Operation, Parameter } from "./description.ts"
import { broken, valueOf } from "./values.ts"

/** One request, and the operation from which it was made. */
export interface FuzzedRequest {
  readonly operationId: string
  readonly path: string
  readonly url: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
}

/** References of loans that exist. Otherwise most requests would be about unknown loans. */
export const knownReferences = ["known-1", "known-2", "disputed-1"] as const

const ascii = fc.string({ unit: "grapheme-ascii", maxLength: 60 }).map((text) => text.trim())

/** Requests of every operation. Some are correct; others have wrong parameters, headers, bodies or methods. */
export function requests(description: Description): fc.Arbitrary<FuzzedRequest> {
  const each = Object.entries(description.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) =>
      requestOf(description, path, method.toUpperCase(), operation),
    ),
  )
  return fc.oneof(...each)
}

function requestOf(
  description: Description,
  path: string,
  described: string,
  operation: Operation,
): fc.Arbitrary<FuzzedRequest> {
  const method = mostly(
    described,
    fc.constantFrom("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"),
  )
  return fc
    .record({
      method,
      parameters: parametersOf(description, operation.parameters),
      authorization: authorizationOf(operation),
      accept: fc.option(fc.constantFrom("*/*", "application/json", "text/event-stream", "text/html"), {
        nil: undefined,
        freq: 2,
      }),
      stray: fc.dictionary(fc.stringMatching(/^x-[a-z]{1,8}$/u), ascii, { maxKeys: 2 }),
      sent: bodyOf(description, operation),
    })
    .map(({ method, parameters, authorization, accept, stray, sent }) => ({
      operationId: operation.operationId,
      path,
      method,
      url: urlOf(path, parameters),
      headers: {
        ...stray,
        ...(authorization === undefined ? {} : { authorization }),
        ...(accept === undefined ? {} : { accept }),
        ...sent.type,
        ...headersOf(parameters),
      },
      body: method === "GET" || method === "HEAD" ? undefined : sent.body,
    }))
}

const mostly = <A>(usual: A, otherwise: fc.Arbitrary<A>): fc.Arbitrary<A> =>
  fc.oneof({ weight: 9, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: otherwise })

const authorizationOf = ({ security }: Operation): fc.Arbitrary<string | undefined> =>
  mostly<string | undefined>(
    security.length > 0 ? `Bearer ${apiKey}` : callbackAuthorization,
    fc.option(ascii, { nil: undefined }),
  )

interface Given {
  readonly parameter: Parameter
  readonly value: string
}

function parametersOf(
  description: Description,
  parameters: ReadonlyArray<Parameter>,
): fc.Arbitrary<ReadonlyArray<Given>> {
  const each = parameters.map((parameter) => {
    const meant = valueOf(description, parameter.schema).map(String)
    const known =
      parameter.name === "reference"
        ? fc.constantFrom(...knownReferences)
        : parameter.in === "path"
          ? fc.constant("default")
          : meant
    const value = fc.oneof(
      { weight: 6, arbitrary: known },
      { weight: 2, arbitrary: meant },
      { weight: 2, arbitrary: fc.string({ unit: "grapheme", minLength: 1, maxLength: 200 }) },
      { weight: 1, arbitrary: fc.constantFrom('"1"', "*", "%zz", "..", "0", "-1", "null", "__proto__") },
    )
    const given = value.map((text): Given | undefined => ({ parameter, value: text }))
    return parameter.required ? given : fc.option(given, { nil: undefined, freq: 2 })
  })
  return fc.tuple(...each).map((found) => found.filter((each) => each !== undefined))
}

function urlOf(path: string, given: ReadonlyArray<Given>): string {
  let url = path
  const query: Array<string> = []
  for (const { parameter, value } of given) {
    // `fetch` would resolve a dot segment before it sends the request.
    const text = encodeURIComponent(value.toWellFormed()).replace(/^\.\.?$/u, "%20")
    if (parameter.in === "path") url = url.replace(`{${parameter.name}}`, text)
    if (parameter.in === "query") query.push(`${parameter.name}=${text}`)
  }
  return query.length === 0 ? url : `${url}?${query.join("&")}`
}

const headersOf = (given: ReadonlyArray<Given>): Readonly<Record<string, string>> =>
  Object.fromEntries(
    given
      .filter(({ parameter }) => parameter.in === "header")
      .map(({ parameter, value }) => [parameter.name, value.replace(/[^\x20-\x7e]/gu, "?").trim()]),
  )

interface Sent {
  readonly type: Readonly<Record<string, string>>
  readonly body: string | undefined
}

function bodyOf(description: Description, { requestBody }: Operation): fc.Arbitrary<Sent> {
  if (requestBody === undefined) {
    return fc.option(fc.string(), { nil: undefined }).map((body) => ({ type: {}, body }))
  }
  const each = Object.entries(requestBody.content).map(([type, { schema }]) => {
    const meant = valueOf(description, schema)
    const isJson = type === "application/json"
    const body = fc.oneof(
      { weight: 3, arbitrary: isJson ? meant.map((value) => JSON.stringify(value)) : submissionXml },
      { weight: 2, arbitrary: broken(meant) },
      { weight: 1, arbitrary: callbackJson },
    )
    const contentType = mostly(type, ascii)
    return fc.record({ type: contentType.map((text) => ({ "content-type": text })), body })
  })
  return fc.oneof(...each)
}

const submissionXml = fc
  .constantFrom("APPROVED", "REJECTED", "MANUAL_INSPECTION", "<", "MAYBE")
  .map(
    (decision) =>
      `<submitApplicationExtResponse><submitApplicationExtResult><applicationReference>xml-1</applicationReference><decision>${decision}</decision></submitApplicationExtResult></submitApplicationExtResponse>`,
  )

const callbackJson = fc
  .record({
    applicationReference: fc.constantFrom(...knownReferences),
    applicationEventType: fc.constantFrom("SIGNED", "PAID_OUT", "SOMETHING_NEW"),
  })
  .map((externalApplicationEvent) => JSON.stringify({ externalApplicationEvent }))
