import { spawnSync } from "node:child_process"

/** Fails if a program is missing, and names the package to install. */
export function needs(program: string, debianPackage: string): void {
  if (spawnSync("sh", ["-c", `command -v ${program}`]).status === 0) return
  throw new Error(`${program} is not installed: apt-get install ${debianPackage}`)
}
