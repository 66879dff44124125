import { execFile, spawn } from "node:child_process"
import { once } from "node:events"
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { version } from "@loan-engine/app/base/version"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { writeReports } from "../../../scripts/api-report.ts"
import { packages } from "../../../scripts/build.ts"
import { withoutOurs } from "../../checkout.ts"
import { ourFiles } from "../../structure/our-files.ts"
import { freePort } from "../slice/engine-process.ts"
import { blocksOf, packInto, writeBlocks } from "./packed.ts"

const run = promisify(execFile)
const root = fileURLToPath(new URL("../../..", import.meta.url))
const directory = mkdtempSync(join(tmpdir(), "packages-"))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

let tarballs: ReadonlyArray<string>
beforeAll(async () => {
  tarballs = await packInto(directory)
})

describe("the packages as they are published", () => {
  it("are four, each with its licence, and without sources or tests", async () => {
    expect(tarballs).toHaveLength(packages.length)
    for (const tarball of tarballs) {
      const { stdout } = await run("tar", ["-tzf", tarball])
      const files = stdout.trim().split("\n")
      expect(files).toContain("package/LICENSE")
      expect(
        files.filter(
          (file) => !/^package\/(?:dist\/|LICENSE|README\.md|CHANGELOG\.md|package\.json)/u.test(file),
        ),
      ).toEqual([])
      expect(files.filter((file) => /(?<!\.d)\.ts$|\.test\.|\.sources$/u.test(file))).toEqual([])
      for (const page of ["index.html", "LICENSES.md"])
        expect(files.includes(`package/dist/console/${page}`)).toBe(tarball.includes("-app-"))
    }
  })

  it("pass publint, and their types pass arethetypeswrong", async () => {
    const tool = (path: string): string => join(root, "node_modules", path)
    for (const tarball of tarballs) {
      await run(process.execPath, [tool("publint/src/cli.js"), "--strict", tarball])
      const wrong = tool("@arethetypeswrong/cli/dist/index.js")
      await run(process.execPath, [wrong, tarball, "--profile", "esm-only", "--no-color"])
    }
  })

  it("have the API that docs/api shows", () => {
    const folder = join(directory, "api")
    cpSync(join(root, "docs/api"), folder, { recursive: true })
    const altered = join(folder, "app-testing.api.md")
    const before = readFileSync(altered, "utf8")
    writeFileSync(altered, before.replace("openSandboxBank", "openAnotherBank"))
    const missing = join(folder, "app-client.api.md")
    const missed = readFileSync(missing, "utf8")
    rmSync(missing)
    // Only the reports that were changed or removed just now must be written again. If another one is listed, run:
    // node scripts/api-report.ts
    expect(writeReports(folder), "to write the reports: node scripts/api-report.ts").toEqual([
      "app-client",
      "app-testing",
    ])
    expect(readFileSync(altered, "utf8")).toBe(before)
    expect(readFileSync(missing, "utf8")).toBe(missed)
  })
})

/** The licences of code that a product may include. */
const licences =
  /^\(?(?:MIT|ISC|BSD-[23]-Clause|Apache-2\.0|0BSD|Unlicense|CC0-1\.0|BlueOak-1\.0\.0|Python-2\.0)(?: (?:AND|OR) .+)?\)?$/u

/** Removes the notice that Node prints while its SQLite is experimental. */
const withoutNotices = (text: string): string =>
  text.replaceAll(/^\(node:\d+\) ExperimentalWarning: SQLite.*\n\(Use .*\n/gmu, "")

const environmentOf = (node: string) => ({
  ...withoutOurs(process.env),
  PATH: `${join(node, "..")}:${process.env["PATH"]}`,
})

/** The oldest Node for the packages, and the Node of this project. */
const nodes = [
  ["22.19", join(root, "test/node_modules/node-22/bin/node")],
  ["24", process.execPath],
] as const

describe("an empty project", () => {
  const project = join(directory, "project")

  it("installs all four, under licences that a product may include", async () => {
    mkdirSync(project)
    writeFileSync(join(project, "package.json"), '{ "name": "somebody", "private": true, "type": "module" }')
    const install = ["install", "--no-audit", "--no-fund", "--ignore-scripts", ...tarballs]
    await run("npm", install, { cwd: project, env: environmentOf(nodes[0][1]) })
    const manifests = readdirSync(join(project, "node_modules"), { recursive: true, encoding: "utf8" })
      .filter((path) => /(?:^|node_modules\/)(?:@[^/]+\/)?[^/@]+\/package\.json$/u.test(path))
      .map((path): { readonly name?: string; readonly license?: string } =>
        JSON.parse(readFileSync(join(project, "node_modules", path), "utf8")),
      )
      .filter((manifest) => manifest.name !== undefined)
    expect(manifests.length).toBeGreaterThan(10)
    expect(manifests.filter(({ license }) => !licences.test(String(license)))).toEqual([])
  })

  describe.each([
    ["node16", "node16"],
    ["nodenext", "nodenext"],
    ["bundler", "esnext"],
  ])("with moduleResolution %s", (moduleResolution, module) => {
    it("compiles every TypeScript block of every page under --strict", async () => {
      const pages = ourFiles().filter((file) => file.endsWith(".md") && !file.startsWith("docs/api/"))
      const names = writeBlocks(join(project, "pages"), pages)
      expect(names).toContain("README-1.ts")
      expect(names.length).toBeGreaterThan(3)
      // A package that code on a page imports in addition to ours.
      const receiver = join(project, "node_modules/standardwebhooks")
      if (!existsSync(receiver))
        symlinkSync(join(root, "test/node_modules/standardwebhooks"), receiver, "dir")
      const compilerOptions = {
        target: "es2022",
        module,
        moduleResolution,
        types: ["node"],
        strict: true,
        noEmit: true,
      }
      const config = { compilerOptions, include: ["pages"] }
      writeFileSync(join(project, "tsconfig.json"), JSON.stringify(config))
      const compiler = join(root, "node_modules/typescript/bin/tsc")
      const compiled = run(process.execPath, [compiler, "-p", project], { cwd: project })
      expect(await compiled.catch(({ stdout }: { readonly stdout: string }) => ({ stdout }))).toMatchObject({
        stdout: "",
      })
    })
  })

  describe.each(nodes)("on Node %s", (_name, node) => {
    const env = environmentOf(node)
    const said = async (file: string, code: string) => {
      writeFileSync(join(project, file), code)
      const { stdout, stderr } = await run(node, [file], { cwd: project, env })
      return [stdout.trim().split("\n").at(-1), withoutNotices(stderr)]
    }

    it("runs the code in the READMEs and on the API's page", async () => {
      const [embedding = "", ...more] = blocksOf("README.md")
      const [client = "", ...others] = blocksOf("docs/api.md")
      expect([...more, ...others]).toEqual([])
      const ownPort = embedding.replace("3000", String(await freePort()))
      expect(await said("embedding.mjs", ownPort)).toEqual(["paidOut", ""])
      const [domain = ""] = blocksOf("packages/domain/README.md")
      const walked = "advanced [ { from: 'submitted', to: 'approved', inferred: false } ]"
      expect((await said("domain.mts", domain))[0]).toContain(walked)

      const port = await freePort()
      const command = ["node_modules/.bin/loan-engine", "serve"]
      const settings = {
        LOAN_ENGINE_PORT: String(port),
        LOAN_ENGINE_API_KEY: "choose-one",
        LOAN_ENGINE_ALLOW_UNAUTHENTICATED_CALLBACKS: "true",
      }
      const serving = spawn(node, command, { cwd: project, env: { ...env, ...settings }, stdio: "pipe" })
      const ended = once(serving, "exit")
      const isListening = once(serving.stdout, "data").then(() => true)
      expect(await Promise.race([isListening, ended])).toBe(true)
      expect(await said("client.mjs", client.replace("8080", String(port)))).toEqual([
        "approved sign-agreement",
        "",
      ])
      serving.kill("SIGTERM")
      expect(await ended).toEqual([0, null])
    })

    it("has the command line, its sandbox included", async () => {
      const command = (...args: ReadonlyArray<string>) =>
        run(node, ["node_modules/.bin/loan-engine", ...args], { cwd: project, env })
      expect((await command("--version")).stdout).toContain(version)
      const { stdout } = await command("start", "--once", "--loans", "5", "--speed", "1000000")
      expect(JSON.parse(stdout.trim().split("\n").at(-1) ?? "")).toMatchObject({ loans: 5, diverged: 0 })
    })
  })
})
