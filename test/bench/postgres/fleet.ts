import { fork } from "node:child_process"
import type { ChildProcess } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"

/** An order to a process: do `count` units, `atOnce` of them at the same time. */
export interface Work {
  readonly name: "prepare" | "run"
  readonly count: number
  readonly atOnce: number
}

/** Several processes of one script, each with its own connections, like the replicas of a service. */
export interface Fleet {
  readonly pids: ReadonlyArray<number>
  /** Makes what this many units need, before the measurement. */
  readonly prepare: (count: number) => Promise<void>
  /** The units in a second that all processes together finish. */
  readonly rate: (count: number, atOnce: number) => Promise<number>
  /** Kills one process at once, in the middle of its work. */
  readonly kill: (index: number) => Promise<void>
  readonly stop: () => Promise<void>
}

/** Starts `size` processes of a script in `test/bench`, and waits until all are ready. */
export async function startFleet(script: string, size: number, setup: object): Promise<Fleet> {
  const path = fileURLToPath(new URL(`../${script}`, import.meta.url))
  const members = await Promise.all(
    Array.from({ length: size }, (_, member) => startMember(path, { ...setup, member })),
  )
  const all = (name: Work["name"], count: number, atOnce: number): Promise<ReadonlyArray<unknown>> =>
    Promise.all(
      members.map((member, index) =>
        member.ask({ name, count: part(count, size, index), atOnce: part(atOnce, size, index) }),
      ),
    )
  return {
    pids: members.map(({ pid }) => pid),
    prepare: async (count) => {
      await all("prepare", count, 1)
    },
    rate: async (count, atOnce) => {
      const begun = performance.now()
      await all("run", count, atOnce)
      return (count * 1_000) / (performance.now() - begun)
    },
    kill: async (index) => {
      await members[index]?.kill()
    },
    stop: async () => {
      await Promise.all(members.map((member) => member.leave()))
    },
  }
}

/** The share of one process. The shares of all `size` processes add up to the whole. */
const part = (whole: number, size: number, index: number): number =>
  Math.floor((whole * (index + 1)) / size) - Math.floor((whole * index) / size)

async function startMember(path: string, setup: object) {
  const child = fork(path, [JSON.stringify(setup)], { stdio: ["ignore", "ignore", "inherit", "ipc"] })
  await answer(child, path)
  return {
    pid: child.pid ?? 0,
    ask: (work: Work): Promise<unknown> => {
      const answered = answer(child, path)
      child.send(work)
      return answered
    },
    /** A process without a parent ends by itself. */
    leave: () => ended(child, () => child.disconnect()),
    kill: () => ended(child, () => child.kill("SIGKILL")),
  }
}

async function ended(child: ChildProcess, end: () => unknown): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, "exit")
  end()
  await exited
}

/** The next message of a process. If the process ends first, it has written the reason to stderr. */
function answer(child: ChildProcess, path: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const gone = (code: number | null): void => reject(new Error(`${path} ended with ${code} in its work`))
    child.once("exit", gone)
    child.once("message", (message) => {
      child.off("exit", gone)
      resolve(message)
    })
  })
}
