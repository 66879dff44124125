import { describe, expect, test } from "vitest"
import { callbackAccount } from "../../src/callback/path.ts"

describe("a callback's path", () => {
  test.each([
    "/callbacks/se",
    "/callbacks/se/",
    "/callbacks/se//",
    "//callbacks/se",
    "/callbacks//se",
    "/./callbacks/./se",
    "/callbacks/%73e",
    "/%63allbacks/se",
    "/callbacks/se?from=bank",
    "/callbacks/se/?a=/b",
    "/callbacks/se#there",
    "http://engine.example/callbacks/se",
    "https://engine.example:8443//callbacks/se/",
    "HTTP://ENGINE.EXAMPLE/callbacks/se",
  ])("%s names the account", (target) => {
    expect(callbackAccount(target)).toBe("se")
  })

  test.each([
    "/",
    "",
    "*",
    "/callbacks",
    "/callbacks/",
    "/callbacks/se/more",
    "/Callbacks/se",
    "/callbacks/se/..",
    "/v1/../callbacks/se",
    "/v1/callbacks/se",
    "callbacks/se",
    "ftp://engine.example/callbacks/se",
    `/callbacks/${"/".repeat(2_000)}se`,
  ])("%s is not valid", (target) => {
    expect(callbackAccount(target)).toBeUndefined()
  })

  test("a name that cannot be decoded is left as it is, and is no account's", () => {
    expect(callbackAccount("/callbacks/%zz")).toBe("%zz")
    expect(callbackAccount("/callbacks/a%2Fb")).toBe("a/b")
  })
})
