import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { basename } from "node:path"
import { Effect } from "effect"
import { isAlive } from "../../base/is-alive.ts"

/** How often to check whether the launcher has ended. */
const launcherCheckMs = 250

/**
 * Finds the package manager that started this process. The result is an effect that waits until the package manager
 * has ended, and then stops this process, as SIGTERM does. This is needed because some package managers end on a
 * signal, but only pass it to a shell, which does not pass it on. So `npx pnpm loan-engine serve` would leave an
 * engine running that has locked the store. If no package manager started this process, the effect does nothing.
 */
export const watchLauncher: Effect.Effect<Effect.Effect<void>> = Effect.sync(() => {
  // The launcher is looked up before the engine serves. Later it may have ended already, and could not be found any
  // more.
  const launchers = launcherPids(process.ppid)
  if (launchers.length === 0) return Effect.void
  return Effect.repeat(Effect.sleep(launcherCheckMs), { until: () => !launchers.every(mayRun) }).pipe(
    Effect.andThen(
      Effect.logInfo("the package manager that started the engine has ended, so the engine stops"),
    ),
    Effect.andThen(Effect.sync(() => void process.kill(process.pid, "SIGTERM"))),
  )
})

/** The processes that started this one: from its parent to the outermost package manager. */
function launcherPids(parent: number): ReadonlyArray<number> {
  const chain: Array<number> = []
  let managed = 0
  for (let pid = parent; pid > 0 && chain.length < ancestorsMax;) {
    const found = lookUp(pid)
    if (found === undefined) break
    chain.push(pid)
    if (manager.test(found.command)) managed = chain.length
    pid = found.parent
  }
  return chain.slice(0, managed)
}

const ancestorsMax = 32

/** The command line of a package manager. It is recognized by the name of the process or of its script. */
const manager =
  /^(?:\S*(?:node|sh|bun)\S*\s+)?(?:\S*[/\\])?(?:npm|npx|pnpm|pnpx|yarn|yarnpkg|bunx|corepack)(?:-cli)?(?:\.[cm]?js|\.exe)?(?:\s|$)/u

interface Ancestor {
  readonly parent: number
  readonly command: string
}

const lookUp = (pid: number): Ancestor | undefined =>
  process.platform === "linux"
    ? lookUpInProc(pid)
    : process.platform === "win32"
      ? undefined
      : lookUpByPs(pid)

function lookUpInProc(pid: number): Ancestor | undefined {
  const state = stateInProc(pid)
  if (state === undefined) return undefined
  try {
    const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0")
    return { parent: state.parent, command: shown(words) }
  } catch {
    return undefined
  }
}

/**
 * The command line with only the last part of each path, because a path may contain blanks. If a process has set its
 * own title, there is only one word and no path.
 */
const shown = ([first = "", ...others]: ReadonlyArray<string>): string =>
  others.some((word) => word !== "") ? [first, ...others].map((word) => basename(word)).join(" ") : first

/** Reads the state and the parent from `12 (a name) S 7 …`. The name may contain any character. */
function stateInProc(pid: number): { readonly state: string; readonly parent: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8")
    const [state = "", parent = ""] = text.slice(text.lastIndexOf(")") + 2).split(" ")
    return { state, parent: Number(parent) }
  } catch {
    return undefined
  }
}

function lookUpByPs(pid: number): Ancestor | undefined {
  try {
    const text = execFileSync("ps", ["-o", "ppid=,args=", "-p", String(pid)], { encoding: "utf8" })
    const [, parent, command] = /^\s*(\d+)\s+(.*)/u.exec(text) ?? []
    return parent === undefined || command === undefined ? undefined : { parent: Number(parent), command }
  } catch {
    return undefined
  }
}

/**
 * Whether a process may still be running. Only a certain end counts as an end. On Linux, an ended process exists
 * until its parent has read its exit code; the process's state shows that. If the engine has no free file
 * descriptors, it cannot read the state.
 */
export const mayRun = (pid: number): boolean =>
  isAlive(pid) && (process.platform !== "linux" || !/^[ZX]/u.test(stateInProc(pid)?.state ?? ""))
