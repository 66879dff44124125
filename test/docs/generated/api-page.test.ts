import { readFileSync } from "node:fs"
import { openApiText } from "@loan-engine/app/contract/described-api"
import { describe, expect, it } from "vitest"
import { inCheckout } from "../../checkout.ts"

interface Operation {
  readonly description?: string
}

const page = readFileSync(inCheckout("docs/api.md"), "utf8")
const { paths } = JSON.parse(openApiText()) as {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

/** Each route in the page's table, with the scope in its row. */
const told = new Map(
  [...page.matchAll(/^\| `([A-Z]+ \/[^`]*)` +\|.*\| ([^|]*?) *\|$/gmu)].map(
    ([, route = "", scope = ""]): [string, string] => [route, scope],
  ),
)

const described = Object.entries(paths).flatMap(([path, operations]) =>
  Object.entries(operations).map(([method, { description = "" }]): readonly [string, string | undefined] => [
    `${method.toUpperCase()} ${path}`,
    /Needs a key with the scope (`[a-z]+`)\.$/u.exec(description)?.[1],
  ]),
)

describe("docs/api.md", () => {
  it.each(described)("has %s, with the scope that it needs", (route, scope) => {
    expect(told.has(route)).toBe(true)
    if (scope !== undefined) expect(told.get(route)).toBe(scope)
  })

  it("has no other route but those that the description leaves out", () => {
    const known = new Set(described.map(([route]) => route))
    expect([...told.keys()].filter((route) => !known.has(route))).toEqual([
      "GET /console",
      "GET /openapi.json",
      "GET /docs",
    ])
  })
})
