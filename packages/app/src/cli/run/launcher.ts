import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { basename } from "node:path"
import { Effect } from "effect"
import { isAlive } from "../../base/is-alive.ts"

/** How soon the end of the launcher is noticed. */
const launcherCheckMs = 250

/**
 * Finds the package manager that started this process. Gives an effect that stops this process, as SIGTERM does, after
 * that manager has ended. Some package managers end on a signal and pass it to a shell that does not pass it on: `npx
 * pnpm loan-engine serve` would leave a running engine that holds the store. If no package manager started this
 * process, nothing is watched.
 */
export const watchLauncher: Effect.Effect<Effect.Effect<void>> = Effect.sync(() => {
  // It is looked up now. After the engine serves, something that waited for that may end the launcher, and it could not
  // be found any more.
  const launchers = launcherPids(process.ppid)
  if (launchers.length === 0) return Effect.void
  return Effect.repeat(Effect.sleep(launcherCheckMs), { until: () => !launchers.every(mayRun) }).pipe(
    Effect.andThen(
      Effect.logInfo("the package manager that started the engine has ended, so the engine stops"),
    ),
    Effect.andThen(Effect.sync(() => void process.kill(process.pid, "SIGTERM"))),
  )
})

/** The processes that started this one, from its parent up to the outermost package manager. */
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

/** A package manager's own command line, recognized by the process name or by its script. */
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
 * A path may contain blanks, so only its last part counts. A process that has named itself has one word and no paths.
 */
const shown = ([first = "", ...others]: ReadonlyArray<string>): string =>
  others.some((word) => word !== "") ? [first, ...others].map((word) => basename(word)).join(" ") : first

/** `12 (a name) S 7 …`: the name may contain anything. */
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
 * Whether it may still run: only a certain end counts. On Linux an ended process still exists until its parent has read
 * its exit code, and its state shows that. The state is in a file: an engine without free descriptors cannot read it.
 */
export const mayRun = (pid: number): boolean =>
  isAlive(pid) && (process.platform !== "linux" || !/^[ZX]/u.test(stateInProc(pid)?.state ?? ""))
