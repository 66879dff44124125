import { execFile } from "node:child_process"
import { readFileSync } from "node:fs"
import { promisify } from "node:util"
import { Schema } from "effect"
import { describe, expect, it } from "vitest"
import { inCheckout } from "../../checkout.ts"

const run = promisify(execFile)

const Bill = Schema.fromJsonString(
  Schema.Struct({
    bomFormat: Schema.Literal("CycloneDX"),
    components: Schema.Array(
      Schema.Struct({
        group: Schema.optionalKey(Schema.String),
        name: Schema.String,
        version: Schema.String,
        purl: Schema.String,
      }),
    ),
  }),
)
const decodeManifest = Schema.decodeUnknownSync(
  Schema.fromJsonString(
    Schema.Struct({
      dependencies: Schema.optionalKey(Schema.Record(Schema.String, Schema.String)),
      devDependencies: Schema.optionalKey(Schema.Record(Schema.String, Schema.String)),
    }),
  ),
)
const manifests = ["domain", "adapters-xml", "adapters-http", "app"].map((name) =>
  decodeManifest(readFileSync(inCheckout(`packages/${name}/package.json`), "utf8")),
)

describe("the bill of materials", () => {
  it("names every production dependency and all that the console bundles, each with its exact version, and no tool of ours", async () => {
    const { stdout } = await run("npx", ["-y", "pnpm@12", "--silent", "run", "sbom"], {
      cwd: inCheckout(""),
      maxBuffer: 16_000_000,
    })
    const { components } = Schema.decodeUnknownSync(Bill)(stdout)
    const named = components.map(({ group, name }) => (group === undefined ? name : `${group}/${name}`))
    const wanted = new Set(manifests.flatMap(({ dependencies = {} }) => Object.keys(dependencies)))
    expect(wanted.size).toBeGreaterThan(8)
    expect([...wanted].filter((name) => !named.includes(name))).toEqual([])
    // The dependencies of these packages are listed too.
    expect(named.length).toBeGreaterThan(2 * wanted.size)
    // The console's files contain these packages, also one that the console does not name itself.
    const inConsole = ["react", "react-dom", "scheduler"]
    expect(inConsole.filter((name) => !named.includes(name))).toEqual([])
    const tools = manifests.flatMap(({ devDependencies = {} }) => Object.keys(devDependencies))
    expect(
      tools.filter((name) => !wanted.has(name) && !inConsole.includes(name) && named.includes(name)),
    ).toEqual([])
    for (const { version, purl } of components) {
      expect(version).toMatch(/^\d+\.\d+\.\d+/u)
      expect(decodeURIComponent(purl)).toContain(`@${version}`)
    }
  })
})
