import { fileURLToPath } from "node:url"
import { gzipSync } from "node:zlib"
import { rolldown } from "rolldown"
import { expect, it } from "vitest"

/** The largest allowed size of the client in a page, compressed, with all its dependencies. */
const clientGzipBytesMax = 70_000

it("the client is one file for a browser: it needs nothing of Node's, and is no larger than it may be", async () => {
  const input = fileURLToPath(import.meta.resolve("@loan-engine/app/client"))
  const bundle = await rolldown({ input, platform: "browser", logLevel: "silent" })
  const { output } = await bundle.generate({ format: "esm", minify: true, codeSplitting: false })
  expect(output).toHaveLength(1)
  expect(output[0].imports).toEqual([])
  expect(output[0].exports.toSorted()).toEqual(["LoanApiError", "loanClient"])
  expect(gzipSync(output[0].code).length).toBeLessThan(clientGzipBytesMax)
  await bundle.close()
})
