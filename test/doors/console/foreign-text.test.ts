import { beforeAll, describe, expect, it } from "vitest"
import { decision } from "../api/api-call.ts"
import type { EngineProcess } from "../../whole/slice/engine-process.ts"
import { go, useConsole } from "./support.ts"

const { start, visit } = useConsole()
let engine: EngineProcess

/** A mark after which a browser shows the text from right to left, and a line separator. */
const [turned, line] = ["\u202E", "\u2028"]
const reference = `paid${turned}tuo${line}1`
const disputed = `${reference}2`
const shown = String.raw`paid\u202etuo\u20281`

beforeAll(async () => {
  engine = await start("foreign")
  for (const body of [
    decision(reference, "APPROVED"),
    decision(disputed, "APPROVED"),
    decision(disputed, "REJECTED"),
  ]) {
    expect((await engine.callback(body)).status).toBe(200)
  }
})

describe("a text from outside with characters that change the order of other text", () => {
  it.each(["#/loans", "#/disputes", `#/loans/${encodeURIComponent(reference)}`])(
    "is shown with these characters escaped, also to a screen reader and in the title: %s",
    async (at) => {
      const page = await visit(engine)
      await go(page, at)
      await page.getByText(shown).first().waitFor()
      if (at.startsWith("#/loans/")) await expect.poll(() => page.title()).toContain(shown)
      const texts = await page.evaluate("[document.title, document.body.textContent]")
      expect(String(texts)).not.toMatch(/[\u202E\u2028]/u)
    },
  )
})
