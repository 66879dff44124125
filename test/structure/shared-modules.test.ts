import { readFileSync } from "node:fs"
import { expect, it } from "vitest"
import { inCheckout } from "../checkout.ts"
import { filesWithin } from "./our-files.ts"

const folders = ["test", "packages/domain/test", "packages/adapters-xml/test", "packages/adapters-http/test"]
const isShared = (file: string): boolean => !/\.(?:test|field)\.tsx?$/u.test(file)

/** A hook at the top level of a module. A hook in a function that a test file calls does not match. */
const hook = /^(?:before|after)(?:All|Each)\(/mu

it("no module that test files share has its own hook, which would apply only to the first file that loads it", () => {
  const files = filesWithin(folders).filter(isShared)
  expect(files.length).toBeGreaterThan(80)
  expect(files.filter((file) => hook.test(readFileSync(inCheckout(file), "utf8")))).toEqual([])
  expect(hook.test("const directory = make()\nafterAll(() => remove(directory))\n")).toBe(true)
})
