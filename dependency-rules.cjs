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

/**
 * The rooms of a package, in the order of their imports. A room may import only the rooms before it. ARCHITECTURE.md has the same
 * list for people. The entries of a package are above all rooms, and no room imports them.
 */
const rooms = {
  app: {
    base: "helpers of every room: text, processes and the version",
    schedule: "when to poll the bank next: pure",
    journal: "entries, checkpoints, anchors and cursors: pure",
    "callback-health": "whether the bank's callbacks arrive: pure",
    ports: "the interfaces of stores, banks and accounts, their errors, and the turns of long reads",
    telemetry: "metrics, log and traces",
    contract: "the API as a definition: routes, schemas and problems; runs in a browser",
    client: "the API's client; runs in a browser",
    views: "how the API, webhooks and commands show a loan, an entry and a change",
    audit: "checks of a store: rows in, findings out",
    record: "the only way to record: engine, rulings, closures, redaction",
    feed: "the changes in order, with their seals and anchors",
    polling: "the poller: it claims due polls, asks the bank and records the answers",
    callbacks: "the registration of callback URLs, and the watch for missing callbacks",
    webhooks: "the messages to the merchant's own services",
    store: "the ports on SQLite and on PostgreSQL",
    copy: "moving a store from one database to another, and its backups",
    access: "who may use the API: keys, scopes, rates",
    api: "the handlers of the API and of the console's files",
    serve: "the listener, its limits, readiness and the operators' routes",
    config: "settings: their definitions, their sources and their refusals",
    engine: "the assembly of an engine: its services and its HTTP, embedded or listening",
    doctor: "checks of an installation",
    sandbox: "the sandbox bank, and the demo",
    cli: "the commands",
  },
  "adapters-http": {
    telemetry: "families of metrics, spans, rare warnings",
    http: "one exchange with another host: routes, codings, causes, headers",
    message: "the content of a callback's bytes",
    signature: "keys and signatures, and their binding to a message",
    bank: "questions to the bank: one client for each account",
    callback: "receiving a callback: limits, trust, answer",
  },
  "adapters-xml": {
    xml: "XML itself, from bytes to elements and back: encodings, attachments, limits",
  },
}

const above = (names, index) => (index === 0 ? "nothing of its package" : names.slice(0, index).join(", "))

const roomRules = Object.entries(rooms).flatMap(([name, owned]) => {
  const names = Object.keys(owned)
  return names.map((room, index) => ({
    name: `${name}-room-${room}`,
    comment:
      `${room}/ holds ${owned[room]}. It may import ${above(names, index)}. If it needs something of a later room, move that to an ` +
      "earlier room, or pass it as an argument",
    severity: "error",
    from: { path: `^packages/${name}/src/${room}/` },
    to: {
      path: `^packages/${name}/src/`,
      pathNot: [...names.slice(0, index), room].map((each) => `^packages/${name}/src/${each}/`),
    },
  }))
})

module.exports = {
  forbidden: [
    ...roomRules,
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
        "the console is a page like any other frontend: it imports only the API's client, the domain's tables, and the display of outside texts",
      severity: "error",
      from: { path: "^packages/app/console/src" },
      to: {
        path: "^packages/",
        pathNot: [
          "^packages/app/console/src",
          "^packages/app/src/(client|base/visible-text)\\.ts$",
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
      comment: "the console is built separately, and the engine serves the built files",
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
      comment: "neither the client nor the API's definition imports a Node module, directly or indirectly",
      severity: "error",
      from: { path: "^packages/app/src/(?:client[./]|contract/)" },
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
    {
      name: "nothing-unresolved",
      severity: "error",
      from: {},
      // Kubernetes' types are declarations without code. Only the compiler resolves them.
      to: { couldNotResolve: true, pathNot: "^kubernetes-types/" },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
    // The compared libraries of the benchmarks have their own packages. They are installed only for the benchmarks.
    exclude: { path: "^(?:packages/[^/]+/dist|test/bench/rivals)/" },
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      extensions: [".ts", ".tsx", ".js"],
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default"],
    },
  },
}
