import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { afterAll, beforeAll, expect, it } from "vitest"
import { inCheckout } from "../checkout.ts"
import { needs } from "./needs.ts"

// The tests and the reviewer's run in a container that has Node, npm and nothing else, as on a fresh machine.

const base = "localhost/node:24-slim"
const runMsMax = 3_600_000
/** Chroot, so that it also runs where a machine allows no namespaces. */
const environment = { ...process.env, BUILDAH_ISOLATION: "chroot" }
let container: string

function run(program: string, args: ReadonlyArray<string>, input?: Buffer): string {
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd: inCheckout(""),
    env: environment,
    input,
    maxBuffer: 2 ** 30,
  })
  if (status !== 0)
    throw new Error(`${program} ${args.join(" ")} ended with ${status}: ${String(stderr).slice(-2_000)}`)
  return String(stdout).trim()
}

beforeAll(() => {
  for (const program of ["buildah", "mmdebstrap", "git"]) needs(program, program)
  if (spawnSync("buildah", ["inspect", "--type", "image", base], { env: environment }).status !== 0)
    run("deploy/container/base.sh", [base])
  container = run("buildah", ["from", base])
  // Only what is committed, as a clone has it.
  const archive = spawnSync("git", ["archive", "HEAD"], { cwd: inCheckout(""), maxBuffer: 2 ** 30 }).stdout
  run("buildah", ["run", container, "--", "mkdir", "/source"])
  run("buildah", ["run", container, "--", "tar", "-x", "-C", "/source"], archive)
})
afterAll(() => {
  spawnSync("buildah", ["rm", container], { env: environment })
})

const authority = (): ReadonlyArray<string> => {
  const path = process.env["NODE_EXTRA_CA_CERTS"]
  return path === undefined
    ? []
    : ["--volume", `${path}:/run/ca.crt:ro`, "--env", "NODE_EXTRA_CA_CERTS=/run/ca.crt"]
}

it.each([
  ["the checks and the tests", ".ci/run"],
  ["the reviewer's run", "npx -y pnpm@12 compliance"],
])(
  "%s pass",
  async (_what, command) => {
    const child = spawn(
      "buildah",
      ["run", ...authority(), "--workingdir", "/source", container, "--", "sh", "-c", command],
      { env: environment, stdio: ["ignore", "inherit", "inherit"] },
    )
    const [code] = (await once(child, "exit")) as [number]
    expect(code).toBe(0)
  },
  runMsMax,
)
