import { fork } from "node:child_process"
import type { ChildProcess } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"

/** What a process is told to do: `count` units, so many of them at once. */
export interface Work {
  readonly name: "prepare" | "run"
  readonly count: number
  readonly atOnce: number
}

/** Processes of one script, each with connections of its own, as replicas of a service are. */
export interface Fleet {
  readonly pids: ReadonlyArray<number>
  /** Makes what so many units need, before they are measured. */
  readonly prepare: (count: number) => Promise<void>
  /** How many units a second all together finish. */
  readonly rate: (count: number, atOnce: number) => Promise<number>
  /** Ends one of them at once, in the middle of any work. */
  readonly kill: (index: number) => Promise<void>
  readonly stop: () => Promise<void>
}

/** Starts `size` processes of a script of this folder's parent, and waits until each is ready. */
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

/** The share of one of `size`, so that all shares together are the whole. */
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
    /** It ends by itself when nobody is there to tell it what to do. */
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

/** The next message of a process; if it ends instead, it has written why to stderr. */
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
