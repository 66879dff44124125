const { builtinModules } = require("node:module")

/**
 * Dependencies point inward only: app -> adapters -> domain. A violation fails `pnpm check`.
 * The rules read the sources' own imports, type-only ones included.
 */
const inward = (name, from, mayReach, comment) => ({
  name,
  comment,
  severity: "error",
  from: { path: `^packages/${from}/src` },
  to: { path: "^packages/", pathNot: mayReach.map((to) => `^packages/${to}/src`) },
})

module.exports = {
  forbidden: [
    inward(
      "domain-imports-nothing-of-ours",
      "domain",
      ["domain"],
      "the domain knows no adapter and no store",
    ),
    inward(
      "xml-reaches-the-domain-only",
      "adapters-xml",
      ["adapters-xml", "domain"],
      "the codec knows no transport",
    ),
    inward(
      "http-reaches-xml-and-domain-only",
      "adapters-http",
      ["adapters-http", "adapters-xml", "domain"],
      "adapters know no store",
    ),
    inward(
      "app-imports-no-tests",
      "app",
      ["app", "adapters-http", "adapters-xml", "domain"],
      "product code, not tests",
    ),
    {
      name: "console-reads-through-the-client",
      comment:
        "the console is a page like any other frontend: it has the API's client the domain's tables, and how text of others is shown, and no more",
      severity: "error",
      from: { path: "^packages/app/console/src" },
      to: {
        path: "^packages/",
        pathNot: [
          "^packages/app/console/src",
          "^packages/app/src/(client|visible-text)\\.ts$",
          "^packages/domain/src",
        ],
      },
    },
    {
      name: "console-runs-in-a-browser",
      severity: "error",
      from: { path: "^packages/app/console/src" },
      to: { path: `^(?:node:|(?:${builtinModules.join("|")})$)`, reachable: true },
    },
    {
      name: "engine-needs-no-console",
      comment: "the console is built beside the engine, which serves what it finds",
      severity: "error",
      from: { path: "^packages/[^/]+/src" },
      to: { path: "^packages/app/console/|node_modules/(react|vite)" },
    },
    {
      name: "domain-is-pure",
      comment: "no I/O, clock or Node import: the domain runs in a browser",
      severity: "error",
      from: { path: "^packages/domain/src" },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "domain-uses-xstate-and-effect-only",
      severity: "error",
      from: { path: "^packages/domain/src" },
      to: { dependencyTypes: ["npm"], pathNot: "node_modules/(xstate|effect)/" },
    },
    {
      name: "xml-codec-does-no-io",
      comment: "bytes in, typed messages out",
      severity: "error",
      from: { path: "^packages/adapters-xml/src" },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "client-runs-in-a-browser",
      comment: "neither the client, nor the API's definition that it is derived from, reaches a Node module",
      severity: "error",
      from: { path: "^packages/app/src/(?:client[./]|api/(?:loan-api|loan-schemas|problems)\\.ts$)" },
      to: { path: `^(?:node:|(?:${builtinModules.join("|")})$)`, reachable: true },
    },
    {
      name: "client-uses-effect-only",
      severity: "error",
      from: { path: "^packages/app/src/client[./]" },
      to: { dependencyTypes: ["npm"], pathNot: "node_modules/effect/" },
    },
    {
      name: "sources-import-no-tests",
      severity: "error",
      from: { path: "^packages/[^/]+/src" },
      to: { path: "^(test|packages/[^/]+/test)/" },
    },
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    { name: "nothing-unresolved", severity: "error", from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
    // The rivals of the benchmarks have packages of their own, which nobody else installs.
    exclude: { path: "^(?:packages/[^/]+/dist|test/bench/rivals)/" },
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      extensions: [".ts", ".tsx", ".js"],
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default"],
    },
  },
}
