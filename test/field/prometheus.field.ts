import { spawnSync } from "node:child_process"
import { beforeAll, expect, it } from "vitest"
import { inCheckout } from "../checkout.ts"
import { needs } from "./needs.ts"

beforeAll(() => needs("promtool", "prometheus"))

it.each([
  ["check", "alerts.yaml"],
  ["test", "alerts.test.yaml"],
])("Prometheus itself can %s the rules of %s", (verb, file) => {
  const { status, stdout, stderr } = spawnSync("promtool", [verb, "rules", file], {
    cwd: inCheckout("deploy/prometheus"),
    encoding: "utf8",
  })
  expect([status, stdout, stderr]).toEqual([0, expect.stringContaining("SUCCESS"), expect.any(String)])
})
