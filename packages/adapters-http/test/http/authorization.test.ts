import { Redacted } from "effect"
import { describe, expect, test } from "vitest"
import {
  authorizationLengthMax,
  challengesOf,
  isCredentialsText,
  makeAuthorization,
} from "../../src/http/authorization.ts"
import type { CallbackCredentials } from "../../src/http/authorization.ts"

const basic: CallbackCredentials = { method: "BASIC", credentials: Redacted.make("dXNlcjpwYXNz") }
const oldBearer: CallbackCredentials = { method: "BEARER", credentials: Redacted.make("b2xk") }
const newBearer: CallbackCredentials = { method: "BEARER", credentials: Redacted.make("bmV3+/==") }

describe("callback authorization", () => {
  const authorizes = makeAuthorization([basic, oldBearer, newBearer])

  test.each([
    ["Basic dXNlcjpwYXNz"],
    ["basic dXNlcjpwYXNz"],
    ["BASIC   dXNlcjpwYXNz "],
    ["Bearer b2xk"],
    ["bearer bmV3+/=="],
  ])("%j is accepted, each credential while it is listed", (header) => {
    expect(authorizes(header)).toBe(true)
  })

  test.each([
    ["nothing", null],
    ["an empty header", ""],
    ["a scheme alone", "Basic"],
    ["credentials alone", "dXNlcjpwYXNz"],
    ["the other method's scheme", "Bearer dXNlcjpwYXNz"],
    ["another case of the credentials", "Basic DXNLCJPWYXNZ"],
    ["a prefix", "Basic dXNlcjpwYXN"],
    ["something more", "Basic dXNlcjpwYXNzz"],
    ["padding that was not registered", "Bearer b2xk="],
    ["two credentials", "Basic dXNlcjpwYXNz, Bearer b2xk"],
    ["the raw user and password", "Basic user:pass"],
    ["another scheme", "Digest dXNlcjpwYXNz"],
  ])("%s is refused", (_title, header) => {
    expect(authorizes(header)).toBe(false)
  })

  test("a credential that was rotated out is refused", () => {
    expect(makeAuthorization([newBearer])("Bearer b2xk")).toBe(false)
  })

  test("a header over the limit is refused without a comparison, even if it would match", () => {
    const long = "a".repeat(authorizationLengthMax)
    const authorizes = makeAuthorization([{ method: "BASIC", credentials: Redacted.make(long) }])
    expect(authorizes(`Basic ${long}`)).toBe(false)
  })

  test("an empty list accepts nothing", () => {
    expect(makeAuthorization([])("Basic dXNlcjpwYXNz")).toBe(false)
  })

  test("a 401 names each method in use once, and no credentials", () => {
    expect(challengesOf([basic, oldBearer, newBearer])).toBe(
      'Basic realm="callback", Bearer realm="callback"',
    )
  })

  test.each([
    ["dXNlcjpwYXNz", true],
    ["user:pass", false],
    ["", false],
    ["a b", false],
    ["a\r\nx: y", false],
  ])("%j may be registered: %s", (text, expected) => {
    expect(isCredentialsText(Redacted.make(text))).toBe(expected)
  })
})
