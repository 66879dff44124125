import { readFileSync } from "node:fs"
import { expect, it } from "vitest"
import { inCheckout } from "../checkout.ts"
import { filesWithin } from "./our-files.ts"

/** A value of a page that is read only once. The page may not show it yet. */
const readOnce =
  /expect\(\s*await [\w.]+\s*\.(?:locator|getBy\w+|getAttribute|textContent|innerText|inputValue|count|title|evaluate)\(/u

it("a value on a browser's page is asserted by expect.poll, which waits until the page shows it", () => {
  const files = filesWithin(["test"]).filter((file) => !/\/structure\//u.test(file))
  const ofPages = files.filter((file) =>
    /playwright|useConsole/u.test(readFileSync(inCheckout(file), "utf8")),
  )
  expect(ofPages.length).toBeGreaterThan(5)
  expect(ofPages.filter((file) => readOnce.test(readFileSync(inCheckout(file), "utf8")))).toEqual([])
  expect(readOnce.test('expect(await page.locator(".timeline").textContent()).toContain("signed")')).toBe(
    true,
  )
  expect(readOnce.test('expect(\n  await page.getByRole("button").count(),\n).toBe(0)')).toBe(true)
})
