import { execFile } from "node:child_process"
import {
  copyFileSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  mkdtempSync,
  rmSync,
  writeFileSync,
} from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { promisify } from "node:util"
import { afterAll, describe, expect, it } from "vitest"
import { inCheckout } from "../checkout.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-rules-"))
afterAll(() => rmSync(directory, { recursive: true }))

const write = (path: string, text: string): void => {
  mkdirSync(dirname(join(directory, path)), { recursive: true })
  writeFileSync(join(directory, path), text)
}

const { forbidden } = createRequire(import.meta.url)(inCheckout("dependency-rules.cjs")) as {
  readonly forbidden: ReadonlyArray<{ readonly name: string; readonly comment?: string }>
}

/** The rooms of every package, in order. */
const rooms = forbidden.flatMap(({ name, comment }) => {
  const [, owner, room] = /^(.+)-room-(.+)$/u.exec(name) ?? []
  return owner === undefined || room === undefined ? [] : [{ name, owner, room, comment }]
})

type Breach = readonly [source: string, imported: string]

/**
 * For each room, an import of the next room. For the last room of a package, an import of what is above all rooms.
 */
const roomBreaches: ReadonlyArray<readonly [rule: string, Breach]> = rooms.map(
  ({ name, owner, room }, index) => {
    const next = rooms[index + 1]
    const later = next?.owner === owner ? `../${next.room}/thing.ts` : "../thing.ts"
    return [name, [`packages/${owner}/src/${room}/wrong.ts`, later]]
  },
)

/** For each rule, a source that breaks it, and the path that this source imports. */
const breaches: Readonly<Record<string, Breach>> = {
  ...Object.fromEntries(roomBreaches),
  "domain-imports-nothing-of-ours": ["packages/domain/src/a.ts", "../../app/src/thing.ts"],
  "xml-reaches-the-domain-only": ["packages/adapters-xml/src/a.ts", "../../adapters-http/src/thing.ts"],
  "http-reaches-xml-and-domain-only": ["packages/adapters-http/src/a.ts", "../../app/src/thing.ts"],
  "app-imports-no-tests": ["packages/app/src/a.ts", "../test/thing.ts"],
  "console-reads-through-the-client": ["packages/app/console/src/a.ts", "../../src/thing.ts"],
  "console-runs-in-a-browser": ["packages/app/console/src/b.ts", "node:fs"],
  "engine-needs-no-console": ["packages/app/src/b.ts", "../console/src/thing.ts"],
  "domain-is-pure": ["packages/domain/src/b.ts", "node:fs"],
  "domain-uses-xstate-and-effect-only": ["packages/domain/src/c.ts", "undici"],
  "xml-codec-does-no-io": ["packages/adapters-xml/src/b.ts", "node:fs"],
  "client-runs-in-a-browser": ["packages/app/src/client/a.ts", "../base/reads-files.ts"],
  "client-uses-effect-only": ["packages/app/src/client/b.ts", "undici"],
  "sources-import-no-tests": ["packages/domain/src/d.ts", "../test/thing.ts"],
  "no-cycles": ["packages/domain/src/one.ts", "./other.ts"],
  "nothing-unresolved": ["packages/domain/src/e.ts", "./nowhere.ts"],
}

interface Cruised {
  readonly summary: {
    readonly violations: ReadonlyArray<{
      readonly from: string
      readonly rule: { readonly name: string; readonly severity: string }
    }>
  }
}

/** What the rules find in the folder, and what the tool itself prints. */
async function cruise(): Promise<{ readonly found: Cruised; readonly said: string }> {
  const tool = inCheckout("node_modules/dependency-cruiser/bin/dependency-cruiser.mjs")
  const args = [
    tool,
    "--config",
    inCheckout("dependency-rules.cjs"),
    "--output-type",
    "json",
    "packages",
    "test",
  ]
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd: directory })
  return { found: JSON.parse(stdout) as Cruised, said: stderr }
}

describe("the rules of which part may import which", () => {
  it("each find an import that breaks them, also of a type only, and the tool reads every source", async () => {
    copyFileSync(inCheckout("tsconfig.json"), join(directory, "tsconfig.json"))
    write("package.json", '{ "type": "module", "dependencies": { "undici": "1" } }')
    write("node_modules/undici/package.json", '{ "name": "undici", "version": "1.0.0", "main": "index.js" }')
    write("node_modules/undici/index.js", "export const Agent = 1\n")
    const folders = [
      "app/src",
      "app/console/src",
      "adapters-http/src",
      "adapters-xml/src",
      "domain/test",
      "app/test",
    ]
    for (const thing of [...folders, ...rooms.map(({ owner, room }) => `${owner}/src/${room}`)])
      write(`packages/${thing}/thing.ts`, "export type Thing = string\n")
    write("test/thing.ts", "export type Thing = string\n")
    write("packages/app/src/base/reads-files.ts", 'export * from "node:fs"\nexport type Thing = string\n')
    write("packages/domain/src/other.ts", 'export type { Thing } from "./one.ts"\n')
    for (const [source, imported] of Object.values(breaches))
      write(
        source,
        `import type { Thing } from "${imported}"\nexport type Other = Thing\nexport type { Thing }\n`,
      )

    const { found, said } = await cruise()
    const broken = found.summary.violations.map(({ rule, from }) => `${rule.name} in ${from}`)
    for (const [rule, [source]] of Object.entries(breaches)) expect(broken).toContain(`${rule} in ${source}`)
    expect(found.summary.violations.every(({ rule }) => rule.severity === "error")).toBe(true)
    // The tool prints a warning if it finds no compiler that it knows. It then ignores imports of types.
    expect(said).toBe("")
  })

  it("know every room, and describe each", () => {
    for (const owner of new Set(rooms.map((each) => each.owner))) {
      const folders = readdirSync(inCheckout(`packages/${owner}/src`), { withFileTypes: true })
      const names = folders.filter((each) => each.isDirectory()).map((each) => each.name)
      const known = rooms.filter((each) => each.owner === owner).map((each) => each.room)
      expect(known.toSorted()).toEqual(names.toSorted())
    }
    for (const { room, comment } of rooms) expect(comment).toContain(`${room}/ holds `)
  })

  it("have the rooms in the order in which ARCHITECTURE.md lists them", () => {
    const page = readFileSync(inCheckout("ARCHITECTURE.md"), "utf8")
    const listed = [...page.matchAll(/^\| `([a-z-]+)` /gmu)].map(([, room]) => room)
    expect(listed).toEqual(rooms.filter(({ owner }) => owner === "app").map(({ room }) => room))
  })

  it("are all tested here", () => {
    expect(Object.keys(breaches).toSorted()).toEqual(forbidden.map(({ name }) => name).toSorted())
  })
})
