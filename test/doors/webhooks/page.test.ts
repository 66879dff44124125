import { spawn } from "node:child_process"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { connect } from "node:net"
import { fileURLToPath } from "node:url"
import { webhookLimits } from "@loan-engine/app/webhooks/settings"
import { Effect } from "effect"
import { describe, expect, it } from "vitest"
import { freePort } from "../../whole/slice/engine-process.ts"
import { fileStore } from "./files.ts"
import { secret } from "./receiver.ts"
import { news, openEngine, scoped, until } from "./support.ts"

const page = readFileSync(new URL("../../../docs/webhooks.md", import.meta.url), "utf8")

/** Runs the receiver from the page as a separate process, and collects its output. */
const startReceiver = (port: number) => {
  const [, code = ""] = /```ts\n(.*?)```/su.exec(page) ?? []
  const child = spawn(process.execPath, ["--input-type=module-typescript", "--eval", code], {
    cwd: fileURLToPath(new URL("../..", import.meta.url)),
    env: { PATH: process.env["PATH"], PORT: String(port), WEBHOOK_SECRET: secret },
    stdio: ["ignore", "pipe", "inherit"],
  })
  let printed = ""
  child.stdout.setEncoding("utf8").on("data", (text: string) => (printed += text))
  const close = async (): Promise<void> => {
    child.kill()
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit")
  }
  return { printed: () => printed, close }
}

const listens = async (port: number): Promise<void> => {
  const socket = connect(port, "127.0.0.1")
  await once(socket, "connect")
  socket.destroy()
}

describe("docs/webhooks.md", () => {
  it("has a receiver that accepts our messages, once, and nothing with another signature", () =>
    scoped(
      Effect.gen(function* () {
        const port = yield* Effect.promise(freePort)
        const receiver = yield* Effect.acquireRelease(
          Effect.sync(() => startReceiver(port)),
          ({ close }) => Effect.promise(close),
        )
        yield* until(() => listens(port))
        const url = `http://127.0.0.1:${port}/hooks`
        const { tell, webhooks } = yield* openEngine(fileStore(), [
          { url },
          { name: "stranger", url, secrets: [`whsec_${"A".repeat(32)}`] },
        ])
        const state = () => Effect.runPromise(webhooks.states)
        yield* tell("A", { type: "decision.approved", at: 1 })
        yield* tell("A", news(2))
        const expected = "loan.advanced A approved\n"
        yield* until(() => expect(receiver.printed().split("\n")).toHaveLength(3))
        yield* until(async () =>
          expect(await state()).toMatchObject([{ parked: 0 }, { endpoint: "stranger", parked: 1 }]),
        )
        const printed = receiver.printed()
        yield* webhooks.rewind("crm", 0)
        yield* tell("B", { type: "decision.approved", at: 3 })
        yield* until(() => expect(receiver.printed()).toBe(`${printed}${expected.replace("A", "B")}`))
      }),
    ))

  it("has the real schedule and times", () => {
    expect(page).toContain("5 seconds, 5 minutes, 30 minutes, 2, 5, 10, 14, 20\nand 24 hours")
    expect(page).toContain(`(${webhookLimits.webhookRequestMsMax.default / 1_000} s)`)
    expect(page).toContain(`(${webhookLimits.webhookLeaseMs.default / 1_000} s)`)
  })
})
