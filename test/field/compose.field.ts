import { spawnSync } from "node:child_process"
import { beforeAll, expect, it } from "vitest"
import { inCheckout } from "../checkout.ts"
import { needs } from "./needs.ts"

beforeAll(() => {
  needs("docker-compose", "docker-compose")
  needs("haproxy", "haproxy")
})

it("Compose itself accepts the file", () => {
  const { status, stderr } = spawnSync(
    "docker-compose",
    ["-f", inCheckout("deploy/compose.yaml"), "config"],
    { encoding: "utf8" },
  )
  expect([status, stderr]).toEqual([0, ""])
})

it("HAProxy itself accepts the balancer's file, once its engines have addresses", () => {
  const script = 'sed "s/engine-[a-z]*:8080/127.0.0.1:8080/" "$0" | haproxy -c -f /dev/stdin'
  const { status, stdout } = spawnSync("sh", ["-c", script, inCheckout("deploy/haproxy/compose.cfg")], {
    encoding: "utf8",
  })
  expect([status, stdout]).toEqual([0, expect.stringContaining("Configuration file is valid")])
})
