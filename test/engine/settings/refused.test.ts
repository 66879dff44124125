import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { configFromEnvironment, configOf } from "@loan-engine/app/config/config"
import { Environment } from "@loan-engine/app/config/sources"
import { accountSettings, engineSettings } from "@loan-engine/app/config/settings"
import { variableOf } from "@loan-engine/app/config/variable-names"
import { databasePlace } from "@loan-engine/app/store/database"
import { Effect, Redacted } from "effect"
import { afterAll, describe, expect, it } from "vitest"
import { runCli } from "../../doors/cli/run-cli.ts"

const directory = mkdtempSync(join(tmpdir(), "refused-"))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const fileOf = (name: string, content: string | Uint8Array): string => {
  const path = join(directory, name)
  writeFileSync(path, content)
  return path
}

type Variables = Readonly<Record<string, string>>
const base = {
  LOAN_ENGINE_API_KEY: "key",
  LOAN_ENGINE_CALLBACK_AUTH_METHOD: "BASIC",
  LOAN_ENGINE_CALLBACK_CREDENTIALS: "Yg==",
}
const read = (variables: Variables) =>
  Effect.runPromise(Effect.provideService(configFromEnvironment, Environment, { ...base, ...variables }))
const refusal = async (variables: Variables): Promise<string> => {
  const config = Effect.provideService(configFromEnvironment, Environment, { ...base, ...variables })
  return (await Effect.runPromise(Effect.flip(config))).message
}

describe("a file of anchors", () => {
  const path = join(directory, "store.sqlite")
  symlinkSync(fileOf("store.sqlite", ""), join(directory, "linked"))

  it.each([
    "store.sqlite",
    "store.sqlite-wal",
    "store.sqlite-shm",
    "store.sqlite-lock",
    "linked",
    "./store.sqlite",
  ])("is refused if it is the store's own %s, which its lines would destroy", async (name) => {
    const told = await refusal({
      LOAN_ENGINE_DATABASE_URL: path,
      LOAN_ENGINE_ANCHORS_FILE: `${directory}/${name}`,
    })
    expect(told).toContain("LOAN_ENGINE_ANCHORS_FILE names a file of the store itself")
  })

  it("may be any other file in the same folder", async () => {
    const anchorsFile = join(directory, "store.sqlite-anchors")
    const { sealing } = await read({ LOAN_ENGINE_DATABASE_URL: path, LOAN_ENGINE_ANCHORS_FILE: anchorsFile })
    expect(sealing.anchorsFile).toBe(anchorsFile)
  })
})

describe("a database URL that would mean something else", () => {
  const mark = "MARKpassword"

  it.each([
    [":memory:", "loses every loan"],
    ["file::memory:", "loses every loan"],
    ["file://:memory:", "loses every loan"],
    ["file:loans?mode=memory&cache=shared", "loses every loan"],
    ["FILE::MEMORY:", "loses every loan"],
    [`host=db dbname=merchant user=loans password=${mark}`, "name=value pairs"],
    [`dbname = merchant password='${mark}'`, "name=value pairs"],
    [`Server=db;Database=merchant;User Id=loans;Password=${mark}`, "name=value pairs"],
    [` postgres://loans:${mark}@db/merchant`, "a blank or a quotation mark around it"],
    [`"postgres://loans:${mark}@db/merchant"`, "quotation mark"],
    [`'postgres://loans:${mark}@db/merchant'`, "quotation mark"],
    ["undefined", "write for a missing value"],
    ["null", "write for a missing value"],
    [`postgres://loans:${mark}@db/merchant;sslmode=require`, "is no PostgreSQL URL"],
    [`postgres://loans:${mark}@db/merchant%20`, "is no PostgreSQL URL"],
    [`\uFEFFpostgres://loans:${mark}@db/merchant`, "a blank or a quotation mark around it"],
    ["loans.db ", "a blank or a quotation mark around it"],
    ['"loans.db"', "quotation mark"],
    [`postgres//loans:${mark}@db/merchant`, "in a wrong form"],
    [`//loans:${mark}@db/merchant`, "in a wrong form"],
    [`DATABASE_URL=postgres://loans:${mark}@db/merchant`, "a variable's name"],
    ["PGHOST=db", "a variable's name"],
    ["db.example.com", "looks like a server"],
    ["db.internal:5432/merchant", "looks like a server"],
    ["127.0.0.1", "looks like a server"],
    ["postgres", "looks like a server"],
    ["localhost:5432", "looks like a server|of an unknown kind"],
    ["memory", "loses every loan"],
    [":memory", "loses every loan"],
    ["~/loans.sqlite", "write the full path"],
    ["$HOME/loans.sqlite", "write the full path"],
    ["%APPDATA%\\loans.sqlite", "write the full path"],
    ["\u201cloans.sqlite\u201d", "a quotation mark around it"],
    ["loans.sqlite\u200b", "a blank or a quotation mark around it"],
    ["loans.sqlite?", "options after the file's path"],
    ["TODO", "write for a missing value"],
    ["<url>", "write for a missing value"],
    [`(postgres://loans:${mark}@db/merchant)`, "in a wrong form"],
    [`jdbc:postgresql://db/merchant?password=${mark}`, "of an unknown kind"],
    ["sqlite:loans.sqlite", "of an unknown kind"],
    [`postgres+ssl://loans:${mark}@db/merchant`, "of an unknown kind"],
    [`loans:${mark}@db/merchant`, "of an unknown kind"],
    [`_loans:${mark}@db/merchant`, "login without its URL"],
    ["loans.sqlite?mode=ro", "options after the file's path"],
    ["file:loans.sqlite?cache=shared", "options after the file's path"],
    ["file://db/loans.sqlite", "another host's file"],
    ["file:loans%2", "encodes no character"],
    ["loans\u0000.sqlite", "without control characters|must be"],
    [`postgres://loans:${mark}@db/merchant?ssl=true`, "sslmode=require"],
    [`postgres://loans:${mark}@db/merchant?sslMode=require`, "did you mean sslmode?"],
    [`postgres://loans:${mark}@db/merchant?sslmode=on`, "one of disable, allow"],
    [`postgres://loans:${mark}@db/merchant?sslmode=require&sslmode=disable`, "says sslmode twice"],
    [`postgres://loans:${mark}@db/merchant?password=${mark}`, "says password twice"],
    [`postgres://loans:${mark}@db:5432/merchant?port=5433`, "says port twice"],
    [`postgres://loans:${mark}@db/merchant?schema=ours`, "LOAN_ENGINE_DATABASE_SCHEMA"],
    [`postgres://loans:${mark}@db/merchant?dbname=other`, "behind the host"],
    [`postgres://loans:${mark}@db/merchant?connect_timeout=1`, "LOAN_ENGINE_DATABASE_CONNECT_MS_MAX"],
    [`postgres://loans:${mark}@db/merchant?${mark.repeat(4)}x`, "the options are host"],
    [`postgres://loans:5432/${mark}@db/merchant`, "percent-encoded"],
    [`postgres://loans:5432/merchant#${mark}@db/merchant`, "percent-encoded"],
  ])("is refused with what to write instead: %j", async (url, told) => {
    for (const message of [
      await refusal({ LOAN_ENGINE_DATABASE_URL: url }),
      (await Effect.runPromise(Effect.flip(configOf({ databaseUrl: url })))).message,
    ]) {
      expect(message).toMatch(/^(?:LOAN_ENGINE_DATABASE_URL|databaseUrl) /u)
      if (!told.includes("|")) expect(message).toContain(told)
      expect(message).not.toContain(`${mark}'`)
      expect(message).not.toContain(`${mark}@`)
      expect(message).not.toContain(`=${mark}`)
    }
  })

  it.each([
    ["C:\\loans\\loans.sqlite", "C:\\loans\\loans.sqlite"],
    ["/var/lib/loan engine/100%.sqlite", "/var/lib/loan engine/100%.sqlite"],
    ["file:///var/loan%20engine.sqlite", "/var/loan engine.sqlite"],
    ["file://localhost/var/loans.sqlite", "/var/loans.sqlite"],
    ["file:loans.sqlite", "loans.sqlite"],
    ["a=b.sqlite\n", "a=b.sqlite"],
    ["POSTGRES://u:p@db/merchant?sslmode=verify-full", "PostgreSQL at db/merchant, schema loan_engine"],
    ["postgres:///merchant?host=/run/postgresql&user=u", "PostgreSQL at /merchant, schema loan_engine"],
  ])("is accepted: %j", async (url, place) => {
    expect(databasePlace((await read({ LOAN_ENGINE_DATABASE_URL: url })).database)).toBe(place)
  })

  it.each([
    [["history", "--database"], "--database"],
    [["copy", "--from"], "--from"],
    [["start", "--once", "--database"], "--database"],
  ])("is refused as a flag too: %j", async (words, flag) => {
    const command = words[0] === "history" ? ["journal", "verify", "--database"] : words
    const { code, out, err } = await runCli([...command, `host=db password=${mark}`], {})
    expect([code, out]).toEqual([2, ""])
    expect(err).toContain(`${flag} is a list of name=value pairs`)
    expect(err).not.toContain(mark)
  })
})

describe("a name that is not a setting", () => {
  const settings = Object.keys({ ...engineSettings, ...accountSettings })
  const misspelt = (name: string): string => {
    const at = Math.floor((name.length + "LOAN_ENGINE_".length) / 2)
    return name.slice(0, at) + name.slice(at + 1)
  }

  it("is refused with the most similar setting", async () => {
    const variables = settings.map((setting) => variableOf(setting))
    const given = Object.fromEntries(variables.map((name) => [misspelt(name), "1"]))
    const lines = (await refusal(given)).split("\n")
    const others: Array<string> = []
    for (const name of variables) {
      const line = lines.find((each) => each.startsWith(`${misspelt(name)} `))
      expect(line, name).toMatch(/is not a setting\. Did you mean/u)
      if (line?.includes(`Did you mean ${name}?`) !== true) others.push(name)
    }
    expect(others).toEqual([])
    expect(lines).toHaveLength(variables.length)
  })

  it("is also refused in a file and in code", async () => {
    const store = fileOf("store.json", JSON.stringify({ databaseUrl: "postgres://h/db?ssl=true" }))
    expect(await refusal({ LOAN_ENGINE_CONFIG_FILE: store })).toMatch(/^databaseUrl /u)
    const path = fileOf("settings.json", JSON.stringify({ pollRaetPerSecond: 1, databasUrl: "x" }))
    const message = await refusal({ LOAN_ENGINE_CONFIG_FILE: path })
    expect(message).toContain(`pollRaetPerSecond is not a setting (${path}). Did you mean pollRatePerSecond?`)
    expect(message).toContain("Did you mean databaseUrl?")
    const account = fileOf("account.json", JSON.stringify({ accounts: { se: { bankPasword: "MARK" } } }))
    expect(await refusal({ LOAN_ENGINE_CONFIG_FILE: account })).toContain("Did you mean bankPassword?")
    const list = fileOf("list.json", JSON.stringify({ accounts: { se: "MARK" } }))
    expect(await refusal({ LOAN_ENGINE_CONFIG_FILE: list })).toContain("must be an object of objects")
  })

  it.each([
    ["loan_engine_port", "Did you mean LOAN_ENGINE_PORT?"],
    ["LOANENGINE_PORT", "Did you mean LOAN_ENGINE_PORT?"],
    ["LOAN_ENIGNE_PORT", "Did you mean LOAN_ENGINE_PORT?"],
    ["LOAN__ENGINE_PORT", "Did you mean LOAN_ENGINE_PORT?"],
    ["LOAN_ENGINE__PORT", "Did you mean LOAN_ENGINE_PORT?"],
    ["LON_ENGINE_PORT", "Did you mean LOAN_ENGINE_PORT?"],
    ["LOANS_ENGINE_PORT", "Did you mean LOAN_ENGINE_PORT?"],
    ["LOAN_ENGIN_DATABASE_URL", "Did you mean LOAN_ENGINE_DATABASE_URL?"],
    ["LOAN_ENGINE_PORT_FILE", "Set LOAN_ENGINE_PORT itself"],
    ["LOAN_ENGINE_BANK_PASSWORDFILE", "Did you mean LOAN_ENGINE_BANK_PASSWORD_FILE?"],
    ["LOAN_ENGINE_CONFIGFILE", "Did you mean LOAN_ENGINE_CONFIG_FILE?"],
    ["LOAN_ENGINE_WHATEVER_ELSE_THERE_IS", "LOAN_ENGINE_OTHER_VARIABLES"],
  ])("may be %s", async (name, told) => {
    expect(await refusal({ [name]: "MARK" })).toContain(`${name} is not a setting.`)
    expect(await refusal({ [name]: "MARK" })).toContain(told)
    expect(await refusal({ [name]: "MARK" })).not.toContain("MARK")
    await read({ [name]: " " })
    await read({ [name]: "MARK", LOAN_ENGINE_OTHER_VARIABLES: `A, ${name}` })
  })

  it("of an unnamed account is refused with this reason", async () => {
    const accounts = {
      LOAN_ENGINE_ACCOUNTS: "se,fi",
      LOAN_ENGINE_CALLBACK_AUTH_METHOD: "",
      LOAN_ENGINE_CALLBACK_CREDENTIALS: "",
    }
    const named = { ...accounts, LOAN_ENGINE_DK_BANK_PASSWORD: "MARK" }
    expect(await refusal(named)).toContain(
      "LOAN_ENGINE_DK_BANK_PASSWORD is for an account DK, which LOAN_ENGINE_ACCOUNTS does not name: it names se, fi.",
    )
  })

  it("is ignored if Kubernetes has set it for a service of the same name", async () => {
    const links = {
      LOAN_ENGINE_SERVICE_HOST: "10.0.0.1",
      LOAN_ENGINE_SERVICE_PORT: "8080",
      LOAN_ENGINE_SERVICE_PORT_HTTP: "8080",
      LOAN_ENGINE_PORT_8080_TCP: "tcp://10.0.0.1:8080",
      LOAN_ENGINE_PORT_8080_TCP_PROTO: "tcp",
      LOAN_ENGINE_PORT_8080_TCP_PORT: "8080",
      LOAN_ENGINE_PORT_8080_TCP_ADDR: "10.0.0.1",
      LOAN_ENGINE_METRICS_PORT: "tcp://10.0.0.1:9090",
    }
    expect((await read({ ...links, LOAN_ENGINE_PORT: "8080" })).port).toBe(8_080)
    expect(await refusal({ LOAN_ENGINE_METRICS_PORT: "9090" })).toContain("LOAN_ENGINE_METRICS_PORT is no")
  })
})

describe("a name of another program", () => {
  it.each(["GAME_ENGINE_PORT", "LOAN_ENTITY_URL", "LOANS_URL", "LOG_ENGINE_X", "ENGINE_PORT", "LOAN_PORT"])(
    "such as %s is ignored",
    async (name) => {
      await read({ [name]: "1" })
    },
  )
})

describe("headers for the collector of traces", () => {
  const headers = { LOAN_ENGINE_OTLP_HEADERS: "api-key=secret" }

  it("are refused if they would be sent without encryption", async () => {
    const message = await refusal({ ...headers, LOAN_ENGINE_OTLP_URL: "http://collector.example:4318" })
    expect(message).toContain("so others could read LOAN_ENGINE_OTLP_HEADERS on the network. Use https")
    expect(message).not.toContain("secret")
    await read({ ...headers, LOAN_ENGINE_OTLP_URL: "https://collector.example:4318" })
    await read({ ...headers, LOAN_ENGINE_OTLP_URL: "http://127.0.0.1:4318" })
    await read({ LOAN_ENGINE_OTLP_URL: "http://collector.example:4318" })
  })
})

describe("a setting without effect", () => {
  it.each([
    ["LOAN_ENGINE_JWKS_API_KEY", "key", "LOAN_ENGINE_JWKS_URL", "https://bank.example/keys"],
    ["LOAN_ENGINE_CALLBACK_EVENT_CLAIM", "event", "LOAN_ENGINE_JWKS_URL", "https://bank.example/keys"],
    ["LOAN_ENGINE_OTLP_HEADERS", "a=b", "LOAN_ENGINE_OTLP_URL", "http://localhost:4318"],
  ])("%s is refused without what it needs", async (name, text, needs, other) => {
    expect(await refusal({ [name]: text })).toBe(
      `${name} has no effect without ${needs}: set both, or neither.`,
    )
    await read({ [name]: text, [needs]: other })
  })

  const several = {
    LOAN_ENGINE_ACCOUNTS: "se,no",
    LOAN_ENGINE_CALLBACK_AUTH_METHOD: "",
    LOAN_ENGINE_CALLBACK_CREDENTIALS: "",
    LOAN_ENGINE_ALLOW_UNAUTHENTICATED_CALLBACKS: "",
    LOAN_ENGINE_SE_ALLOW_UNAUTHENTICATED_CALLBACKS: "true",
    LOAN_ENGINE_NO_ALLOW_UNAUTHENTICATED_CALLBACKS: "true",
  }

  it("is refused for one account, but allowed for all accounts if one of them uses it", async () => {
    const no = { ...several, LOAN_ENGINE_NO_JWKS_URL: "https://bank.example/keys" }
    expect(await refusal({ ...no, LOAN_ENGINE_SE_JWKS_API_KEY: "key" })).toBe(
      "LOAN_ENGINE_SE_JWKS_API_KEY has no effect without LOAN_ENGINE_SE_JWKS_URL: set both, or neither.",
    )
    await read({ ...no, LOAN_ENGINE_JWKS_API_KEY: "key" })
    expect(await refusal({ ...several, LOAN_ENGINE_JWKS_API_KEY: "key" })).toContain(
      "without LOAN_ENGINE_JWKS_URL",
    )
  })

  it("is an account's own bank URL without a user, but not the bank URL of all accounts", async () => {
    const url = "https://bank.example"
    expect(await refusal({ ...several, LOAN_ENGINE_SE_BANK_URL: url })).toContain("belong together")
    await read({ ...several, LOAN_ENGINE_BANK_URL: url })
  })

  it("is an account in the file that the environment does not list", async () => {
    const account = { allowUnauthenticatedCallbacks: true }
    const path = fileOf("accounts.json", JSON.stringify({ accounts: { se: account, dk: account } }))
    const variables = { ...several, LOAN_ENGINE_CONFIG_FILE: path }
    expect(await refusal(variables)).toContain(`but not dk, which ${path} sets`)
    await read({ ...variables, LOAN_ENGINE_ACCOUNTS: "se,no,dk" })
  })
})

describe("a variable with quotation marks around its value", () => {
  it.each(['"0123456789abcdef"', "'key'", " `key` "])("is refused: %j", async (text) => {
    const message = await refusal({ LOAN_ENGINE_METRICS_KEY: text })
    expect(message).toContain("LOAN_ENGINE_METRICS_KEY has quotation marks at both ends")
    expect(message).toContain("LOAN_ENGINE_METRICS_KEY_FILE")
    expect(message).not.toContain("key`")
    expect(await refusal({ LOAN_ENGINE_HOST: text })).not.toContain("_FILE")
    await read({ LOAN_ENGINE_METRICS_KEY_FILE: fileOf("quoted", '"0123456789abcdef"') })
  })
})

describe("a host that is allowed over plain http", () => {
  it.each(["http://bank.internal", "bank.internal:8080", "bank.internal/x", "10.0.0.0/8"])(
    "is refused as %j",
    async (host) => {
      expect(await refusal({ LOAN_ENGINE_BANK_PLAIN_HTTP_HOSTS: host })).toContain(
        "without scheme, port or path",
      )
    },
  )

  it.each(["bank.internal", "10.0.0.1", "[fd00::1]"])("is read as %j", async (host) => {
    const { accounts } = await read({
      LOAN_ENGINE_BANK_PLAIN_HTTP_HOSTS: host,
      LOAN_ENGINE_BANK_URL: `http://${host}/soap`,
      LOAN_ENGINE_BANK_USERNAME: "u",
      LOAN_ENGINE_BANK_PASSWORD: "p",
    })
    expect(accounts[0]?.bank?.route.plainHttpHosts).toEqual([host])
  })
})

describe("the test utility's path", () => {
  it.each([
    "/{action}",
    "{action}/{applicationReference}",
    "/{action}/{reference}",
    "/{action}/{action}/{applicationReference}",
  ])("is refused as %j", async (path) => {
    expect(await refusal({ LOAN_ENGINE_TRIGGER_PATH: path })).toContain(
      "LOAN_ENGINE_TRIGGER_PATH must be a path",
    )
  })
})

describe("a secret", () => {
  const keyOf = async (variables: Variables): Promise<string | undefined> => {
    const { metricsKey } = (await read(variables)).telemetry.metrics
    return metricsKey && Redacted.value(metricsKey)
  }

  it.each(["s3cret", "s3cret\n", "s3cret\r\n", "\uFEFFs3cret\r\n\r\n", "\ns3cret"])(
    "is the same with or without a line end, in a variable, a file or code: %j",
    async (text) => {
      expect(await keyOf({ LOAN_ENGINE_METRICS_KEY_FILE: fileOf("key", text) })).toBe("s3cret")
      const bare = text.replace("\uFEFF", "")
      expect(await keyOf({ LOAN_ENGINE_METRICS_KEY: bare })).toBe("s3cret")
      const settings = { callbackAuthMethod: "BASIC", callbackCredentials: [bare] } as const
      const { accounts } = await Effect.runPromise(configOf({ accounts: { se: settings } }))
      const given = accounts.flatMap(({ callbackCredentials }) => callbackCredentials)
      expect(given.map(({ credentials }) => Redacted.value(credentials))).toEqual(["s3cret"])
    },
  )

  it("keeps blanks at the beginning and end of a password, also in a file", async () => {
    const bank = { LOAN_ENGINE_BANK_URL: "https://bank.example", LOAN_ENGINE_BANK_USERNAME: "u" }
    const path = fileOf("blank", " pass word \n")
    const { accounts } = await read({ ...bank, LOAN_ENGINE_BANK_PASSWORD_FILE: path })
    expect(accounts[0]?.bank && Redacted.value(accounts[0].bank.password)).toBe(" pass word ")
  })

  it.each([
    ["several lines", "MARK\nMARK", "several lines"],
    ["no line", "\n", "is empty"],
    ["another encoding", Uint8Array.of(0xff, 0xfe, 0x4d, 0), "is not UTF-8"],
    ["a control character", "MARK\u0000", "LOAN_ENGINE_METRICS_KEY must be"],
  ])("in a file of %s is refused, and not repeated", async (_, content, told) => {
    const message = await refusal({ LOAN_ENGINE_METRICS_KEY_FILE: fileOf("bad", content) })
    expect(message).toContain(told)
    expect(message).toContain("LOAN_ENGINE_METRICS_KEY")
    expect(message).not.toContain("MARK")
  })

  it.each(["MARK\nMARK", " MARK", "MARK ", "MÄRK", "MARK\tMARK"])(
    "that a header would change or cut is refused as a key: %j",
    async (text) => {
      const message = await refusal({ LOAN_ENGINE_METRICS_KEY: text })
      expect(message).toBe(
        "LOAN_ENGINE_METRICS_KEY must be one line of visible ASCII characters, with no blank before or behind them.",
      )
    },
  )

  it("may be in a file, but not in a file and a variable at the same time", async () => {
    const secrets = Object.entries({ ...engineSettings, ...accountSettings }).filter(
      ([, { kind }]) => kind.secret,
    )
    expect(secrets.length).toBeGreaterThan(7)
    const nowhere = join(directory, "nowhere")
    for (const [setting] of secrets) {
      const name = variableOf(setting)
      expect(await refusal({ [name]: "", [`${name}_FILE`]: nowhere })).toContain(
        `${name}_FILE names the file ${nowhere}, which cannot be read`,
      )
      expect(await refusal({ [name]: "MARK", [`${name}_FILE`]: nowhere })).toContain("are both set")
    }
  })
})
