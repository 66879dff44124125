import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { basename } from "node:path"
import { Effect } from "effect"
import { isAlive } from "../../base/is-alive.ts"

/** How soon it is noticed that the launcher has ended. */
const launcherCheckMs = 250

/**
 * Finds the package manager that started this process. What it gives stops this process, as SIGTERM does, once that manager
 * has ended. Some of them end on a signal and pass it to a shell that passes it on to nobody: `npx pnpm loan-engine serve`
 * would leave an engine behind that holds the store. Where no package manager started this process, nothing is watched.
 */
export const watchLauncher: Effect.Effect<Effect.Effect<void>> = Effect.sync(() => {
  // Looked up now: once the engine serves, what waited for that may end the launcher, and it is not found any more.
  const launchers = launcherPids(process.ppid)
  if (launchers.length === 0) return Effect.void
  return Effect.repeat(Effect.sleep(launcherCheckMs), { until: () => !launchers.every(mayRun) }).pipe(
    Effect.andThen(
      Effect.logInfo("the package manager that started the engine has ended, so the engine stops"),
    ),
    Effect.andThen(Effect.sync(() => void process.kill(process.pid, "SIGTERM"))),
  )
})

/** Who has started this process, from its parent up to the outermost package manager. */
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

/** A package manager's own command line, by the name that it gives itself or by its script. */
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

/** A path may have blanks, so only its last part counts. A process that has named itself has one word, and no paths in it. */
const shown = ([first = "", ...others]: ReadonlyArray<string>): string =>
  others.some((word) => word !== "") ? [first, ...others].map((word) => basename(word)).join(" ") : first

/** `12 (a name) S 7 …`: the name may hold anything. */
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
 * Whether it may still run: only what says that it has ended counts. On Linux a process that has ended is still there until its
 * parent has asked for its exit code, and its state tells. That state is a file: an engine out of descriptors cannot read it.
 */
export const mayRun = (pid: number): boolean =>
  isAlive(pid) && (process.platform !== "linux" || !/^[ZX]/u.test(stateInProc(pid)?.state ?? ""))
