import { readFileSync } from "node:fs"
import { Context, Effect, Predicate } from "effect"
import { ConfigUnusable } from "./config-unusable.ts"
import { listed } from "./setting.ts"
import type { AnySetting } from "./setting.ts"
import type { LoanEngineSettings } from "./settings.ts"

/** The environment's variables: the one place that reads the process's own. */
export type Environment = Readonly<Record<string, string | undefined>>
export const Environment = Context.Reference<Environment>("@loan-engine/app/Environment", {
  defaultValue: () => process.env,
})

/** Somewhere that settings are given: code, the environment, or a file. */
export interface Source {
  /** How the answer to "where from" is called. */
  readonly from: string
  /** The accounts it names, if it names any. */
  readonly accounts: ReadonlyArray<string> | undefined
  /** What it calls a setting, of one account or of the engine. */
  readonly nameOf: (setting: string, account?: string) => string
  /** What it gives for a setting, as code would give it; `undefined` for nothing. */
  readonly valueOf: (setting: string, kind: AnySetting["kind"], account?: string) => unknown
  /** Whether others may use it for what is not ours: then what it holds that is no setting is no fault. */
  readonly isShared: boolean
  /** What it holds that is no setting. */
  readonly unknown: (
    known: (setting: string, account: string | undefined) => boolean,
    accounts: ReadonlyArray<string>,
  ) => ReadonlyArray<string>
}

const prefix = "LOAN_ENGINE_"
const fileVariable = `${prefix}CONFIG_FILE`
const accountsVariable = `${prefix}ACCOUNTS`

const capitals = (text: string): string =>
  text
    .replace(/[A-Z]/gu, (letter) => `_${letter}`)
    .replace(/[^A-Za-z0-9]/gu, "_")
    .toUpperCase()

/** The variable that sets a setting: `callbackBytesMax` is set by `LOAN_ENGINE_CALLBACK_BYTES_MAX`. */
export const variableOf = (setting: string, account?: string): string =>
  account === undefined
    ? prefix + capitals(setting)
    : `${prefix}${account.replace(/[^A-Za-z0-9]/gu, "_").toUpperCase()}_${capitals(setting)}`

/**
 * Settings by variables. A secret may also be in a file of its own, which its variable with `_FILE` behind it names: that is
 * how secrets reach a container.
 */
export function environmentSource(variables: Environment): Source {
  const named = variables[accountsVariable]
  const asked = new Set([accountsVariable, fileVariable])
  const textOf = (name: string, { secret, emptyIsWrong = false }: AnySetting["kind"]): string | undefined => {
    asked.add(name)
    if (secret) asked.add(`${name}_FILE`)
    const text = variables[name]
    if (text !== undefined && (emptyIsWrong || text.trim() !== "")) return text
    const path = secret ? variables[`${name}_FILE`] : undefined
    return path === undefined || path === "" ? undefined : secretFile(path)
  }
  return {
    from: "the environment",
    isShared: true,
    accounts: named === undefined || named.trim() === "" ? undefined : listed(named),
    nameOf: variableOf,
    valueOf: (setting, kind, account) => {
      const text = textOf(variableOf(setting, account), kind)
      return text === undefined ? undefined : kind.fromText(text)
    },
    unknown: () =>
      Object.keys(variables)
        .filter((name) => name.startsWith(prefix) && !asked.has(name))
        .toSorted(),
  }
}

/** A file's one line; one that cannot be read, or has more lines, counts as an empty one, which no secret may be. */
function secretFile(path: string): string {
  try {
    const text = readFileSync(path, "utf8").trim()
    return /[\r\n]/u.test(text) ? "" : text
  } catch {
    return ""
  }
}

/** Settings as code gives them, or a file. */
export function writtenSource(settings: LoanEngineSettings, from: string): Source {
  const own: Readonly<Record<string, unknown>> = { ...settings }
  const accounts: Readonly<Record<string, unknown>> = { ...settings.accounts }
  const of = (account: string | undefined): Readonly<Record<string, unknown>> => {
    const given = account === undefined ? own : accounts[account]
    return Predicate.isObject(given) ? given : {}
  }
  const nameOf = (setting: string, account?: string): string =>
    account === undefined ? setting : `accounts.${account}.${setting}`
  return {
    from,
    isShared: false,
    accounts: settings.accounts === undefined ? undefined : Object.keys(accounts),
    nameOf,
    valueOf: (setting, _, account) => of(account)[setting] ?? undefined,
    unknown: (known, all) =>
      [undefined, ...all].flatMap((account) =>
        Object.keys(of(account))
          .filter((setting) => !known(setting, account) && !(account === undefined && setting === "accounts"))
          .map((setting) => nameOf(setting, account)),
      ),
  }
}

/** Where JSON breaks off, without what stands there. */
function placeIn(text: string, cause: unknown): string {
  const [, position] = /at position (\d+)/u.exec(cause instanceof Error ? cause.message : "") ?? []
  return position === undefined
    ? ""
    : `: line ${text.slice(0, Number(position)).split("\n").length} is where it breaks off`
}

/** A settings file: one JSON object, as code would give it. */
export const fileSource = Effect.fnUntraced(function* (
  path: string,
): Effect.fn.Return<Source, ConfigUnusable> {
  const text = yield* Effect.try({
    try: () => readFileSync(path, "utf8").replace(/^\uFEFF/u, ""),
    catch: () =>
      new ConfigUnusable({
        message: `The settings file ${path} cannot be read: is it there, and may we read it?`,
      }),
  })
  const settings = yield* Effect.try({
    try: (): unknown => JSON.parse(text),
    catch: (cause) =>
      new ConfigUnusable({ message: `The settings file ${path} is not JSON${placeIn(text, cause)}.` }),
  })
  if (
    !Predicate.isObject(settings) ||
    ("accounts" in settings && !Predicate.isObject(settings["accounts"]))
  ) {
    return yield* new ConfigUnusable({
      message: `The settings file ${path} must hold one JSON object, and its accounts must be an object by their names.`,
    })
  }
  return writtenSource(settings, path)
})

/** What the environment says: its variables, and behind them the file that `LOAN_ENGINE_CONFIG_FILE` names. */
export const environmentSources = Effect.fnUntraced(function* (
  variables: Environment,
): Effect.fn.Return<ReadonlyArray<Source>, ConfigUnusable> {
  const path = variables[fileVariable]
  const file = path === undefined || path === "" ? [] : [yield* fileSource(path)]
  return [environmentSource(variables), ...file]
})
