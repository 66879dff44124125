import { spawnSync } from "node:child_process"
import { rmSync, writeFileSync } from "node:fs"
import type { Deployment } from "kubernetes-types/apps/v1.js"
import type { HorizontalPodAutoscaler } from "kubernetes-types/autoscaling/v2.js"
import type { Job } from "kubernetes-types/batch/v1.js"
import type { Service } from "kubernetes-types/core/v1.js"
import type { NetworkPolicy } from "kubernetes-types/networking/v1.js"
import type { PodDisruptionBudget } from "kubernetes-types/policy/v1.js"
import { beforeAll, describe, expect, it } from "vitest"
import { parseAllDocuments } from "yaml"
import { inCheckout } from "../checkout.ts"
import { helmBinary } from "./helm-binary.ts"

const chart = inCheckout("deploy/helm/loan-engine")

/** The types of each object, from the Kubernetes project. */
interface Objects {
  readonly Deployment: Deployment
  readonly HorizontalPodAutoscaler: HorizontalPodAutoscaler
  readonly Job: Job
  readonly NetworkPolicy: NetworkPolicy
  readonly PodDisruptionBudget: PodDisruptionBudget
  readonly Service: Service
}
const modules: { readonly [Kind in keyof Objects]: string } = {
  Deployment: "apps/v1",
  HorizontalPodAutoscaler: "autoscaling/v2",
  Job: "batch/v1",
  NetworkPolicy: "networking/v1",
  PodDisruptionBudget: "policy/v1",
  Service: "core/v1",
}
type Rendered = Objects[keyof Objects]

let helm: string
beforeAll(() => {
  helm = helmBinary()
})

function run(...args: ReadonlyArray<string>) {
  const { status, stdout, stderr } = spawnSync(helm, args, { encoding: "utf8" })
  return { status, stdout, stderr }
}

function rendered(...sets: ReadonlyArray<string>): ReadonlyArray<Rendered> {
  const { status, stdout, stderr } = run(
    "template",
    "loans",
    chart,
    ...sets.flatMap((set) => ["--set-string", set]),
  )
  if (status !== 0) throw new Error(stderr)
  return parseAllDocuments(stdout)
    .map((document): Rendered => document.toJS())
    .filter((object) => object !== null)
}

/** The compiler's messages about the objects. An unknown member or a value of a wrong type is an error. */
function faultsIn(objects: ReadonlyArray<object>): string {
  const path = inCheckout("test/node_modules/.cache/rendered-chart.ts")
  const lines = objects.map((object, index) => {
    const kind = (object as { readonly kind: keyof Objects }).kind
    return `export const object${index}: import("kubernetes-types/${modules[kind]}.js").${kind} = ${JSON.stringify(object)}`
  })
  writeFileSync(path, lines.join("\n"))
  const options = ["--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext", "--ignoreConfig"]
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [inCheckout("node_modules/typescript/bin/tsc"), ...options, path],
    { encoding: "utf8", cwd: inCheckout("test") },
  )
  rmSync(path)
  return stdout + stderr
}

const variants: ReadonlyArray<readonly [string, ReadonlyArray<string>]> = [
  ["as it is", []],
  ["scaled by its queue too", ["autoscaling.queueDepth=50"]],
  [
    "of a fixed size, without a job and a policy",
    ["autoscaling.enabled=false", "migration.enabled=false", "networkPolicy.enabled=false"],
  ],
]

describe("the chart", () => {
  it("passes Helm's own checks", () => {
    expect(run("lint", "--strict", chart)).toMatchObject({ status: 0 })
  })

  it.each(variants)("renders objects that Kubernetes knows: %s", (_, sets) => {
    const { status, stdout, stderr } = run(
      "template",
      "loans",
      chart,
      ...sets.flatMap((set) => ["--set", set]),
    )
    expect([status, stderr]).toEqual([0, ""])
    const objects = parseAllDocuments(stdout).map((document): Rendered => document.toJS())
    expect(objects.length).toBeGreaterThan(2)
    expect(faultsIn(objects)).toBe("")
  })

  it("is checked by a compiler that finds unknown members", () => {
    const [first] = rendered()
    expect(faultsIn([{ ...first, specification: {} }])).toContain("specification")
  })

  it("runs engines without any right, with secrets from files, probed below their path", () => {
    const objects = rendered("settings.LOAN_ENGINE_PATH_PREFIX=/loans")
    const deployment = objects.find((object): object is Deployment => object.kind === "Deployment")
    const pod = deployment?.spec?.template.spec
    expect(pod).toMatchObject({
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: { runAsNonRoot: true },
    })
    const [engine] = pod?.containers ?? []
    expect(engine?.securityContext).toMatchObject({
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ["ALL"] },
    })
    expect(engine?.readinessProbe?.httpGet?.path).toBe("/loans/health/ready")
    expect(engine?.livenessProbe?.httpGet?.path).toBe("/loans/health/live")
    expect(engine?.env).toContainEqual({
      name: "LOAN_ENGINE_API_KEY_FILE",
      value: "/run/secrets/loan-engine/api-key",
    })
  })

  it("does not select the migration's pod with the service or the autoscaler", () => {
    const objects = rendered()
    const deployment = objects.find((object): object is Deployment => object.kind === "Deployment")
    const service = objects.find((object): object is Service => object.kind === "Service")
    const job = objects.find((object): object is Job => object.kind === "Job")
    const selectors = [deployment?.spec?.selector.matchLabels, service?.spec?.selector]
    for (const selector of selectors) {
      expect(deployment?.spec?.template.metadata?.labels).toMatchObject(selector ?? { none: "" })
      expect(job?.spec?.template.metadata?.labels).not.toMatchObject(selector ?? {})
    }
  })

  it.each(["settings.PORT=1", "secret.files.database=url", "replicas=none", "unknown=1"])(
    "refuses %s",
    (set) => {
      expect(run("template", "loans", chart, "--set", set)).toMatchObject({ status: 1 })
    },
  )
})
