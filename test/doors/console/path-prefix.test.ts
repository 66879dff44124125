import { expect, it } from "vitest"
import { callbackAuthorization } from "../../whole/slice/engine-process.ts"
import { event } from "../api/api-call.ts"
import { says, useConsole, watched } from "./support.ts"

const { start, visit, newPage } = useConsole()

it("the console and the API's page work below a path, and request nothing outside it", async () => {
  const engine = await start("below", { LOAN_ENGINE_PATH_PREFIX: "/bank/loans" })
  const sent = await fetch(`${engine.url}/bank/loans/callbacks/default`, {
    method: "POST",
    headers: { authorization: callbackAuthorization, "content-type": "application/json" },
    body: event("below-a-path", "SIGNED"),
  })
  expect(sent.status).toBe(200)
  const page = await visit(engine, { below: "/bank/loans" })
  const asked = watched(page)
  await page.evaluate("window.location.hash = '#/loans/below-a-path'")
  await says(page, "below-a-path")
  await says(page, "Signed")
  expect(asked.length).toBeGreaterThan(0)
  expect(asked.filter((url) => !url.startsWith(`${engine.url}/bank/loans/`))).toEqual([])

  const docs = await newPage()
  await docs.goto(`${engine.url}/bank/loans/docs`)
  await says(docs, "/bank/loans")
})
