import { openApiText } from "@loan-engine/app/contract/described-api"
import { describe, expect, it } from "vitest"
import { inCheckout } from "../../checkout.ts"

/** To write the description again: npx -y pnpm@12 test test/docs -u */
const description = inCheckout("docs/openapi.json")

describe("docs/openapi.json", () => {
  it("is written from the API's definition as it is", async () => {
    await expect(openApiText()).toMatchFileSnapshot(description)
  })
})
