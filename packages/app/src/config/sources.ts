import { readFileSync } from "node:fs"
import { isNativeError } from "node:util/types"
import { parseJsonText } from "@loan-engine/adapters-http/message/json"
import { Context, Effect, Predicate, Result } from "effect"
import { ConfigUnusable } from "./config-unusable.ts"
import { didYouMean } from "../base/nearest.ts"
import { listed } from "./kinds.ts"
import type { AnySetting } from "./setting.ts"
import type { LoanEngineSettings } from "./settings.ts"
import { unknownVariables } from "./unknown-variables.ts"
import type { Known } from "./unknown-variables.ts"
import { prefix, variableOf } from "./variable-names.ts"

/** The environment variables. Only this place reads `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>
export const Environment = Context.Reference<Environment>("@loan-engine/app/Environment", {
  defaultValue: () => process.env,
})

/** A source of settings: code, the environment, or a file. */
export interface Source {
  /** The name of the source. */
  readonly from: string
  /** The names of the accounts, if this source has any. */
  readonly accounts: ReadonlyArray<string> | undefined
  /** The name of a setting in this source. Without an account, it is the engine's setting. */
  readonly nameOf: (setting: string, account?: string) => string
  /**
   * The value of a setting, in the form that code uses. `undefined` if this source does not have it.
   * {@link Unreadable} if the value cannot be read.
   */
  readonly valueOf: (setting: string, kind: AnySetting["kind"], account?: string) => unknown
  /** One line for each entry that is no setting. */
  readonly unknown: (known: Known) => ReadonlyArray<string>
}

/** A value that cannot be read. `fault` says why. */
export class Unreadable {
  readonly fault: string
  constructor(fault: string) {
    this.fault = fault
  }
}

const fileVariable = `${prefix}CONFIG_FILE`
const accountsVariable = `${prefix}ACCOUNTS`

/**
 * Reads settings from variables. A secret may also be in a file, whose path is in the variable with `_FILE` at the
 * end. Containers receive secrets in this way.
 */
export function environmentSource(variables: Environment): Source {
  const named = variables[accountsVariable]
  const asked = new Set([accountsVariable, fileVariable])
  return {
    from: "the environment",
    accounts: named === undefined || named.trim() === "" ? undefined : listed(named),
    nameOf: variableOf,
    valueOf: (setting, kind, account) => {
      const name = variableOf(setting, account)
      asked.add(name)
      if (kind.secret) asked.add(`${name}_FILE`)
      const text = textOf(variables, name, kind)
      return typeof text === "string" ? kind.fromText(text) : text
    },
    unknown: (known) => unknownVariables(variables, asked, known),
  }
}

function textOf(
  variables: Environment,
  name: string,
  { secret, emptyIsWrong = false }: AnySetting["kind"],
): string | Unreadable | undefined {
  const text = variables[name]
  const path = secret ? variables[`${name}_FILE`] : undefined
  const hasText = text !== undefined && text.trim() !== ""
  if (hasText && /^(?<mark>["'`]).*\k<mark>$/su.test(text.trim())) {
    const belongs = secret
      ? ` If they belong to the secret, put the secret into a file, and the file's path into ${name}_FILE.`
      : ""
    return new Unreadable(
      `${name} has quotation marks at both ends, which would become a part of the value. Remove them.${belongs}`,
    )
  }
  if (path === undefined || path === "") return hasText || emptyIsWrong ? text : undefined
  return hasText
    ? new Unreadable(`${name} and ${name}_FILE are both set, but only one can apply: set one of them.`)
    : secretFile(`${name}_FILE`, path)
}

/** Variables that many programs use. They count for settings that no other source has. */
const usual: Readonly<Record<string, ReadonlyArray<string>>> = {
  bankProxyUrl: ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"],
  bankNoProxy: ["no_proxy", "NO_PROXY"],
  webhookProxyUrl: ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"],
  webhookNoProxy: ["no_proxy", "NO_PROXY"],
}

function usualSource(variables: Environment): Source {
  const named = (setting: string): string | undefined =>
    usual[setting]?.find((name) => (variables[name] ?? "").trim() !== "")
  return {
    from: "the environment",
    accounts: undefined,
    nameOf: (setting) => named(setting) ?? variableOf(setting),
    valueOf: (setting, kind) => {
      const text = variables[named(setting) ?? ""]
      return text === undefined ? undefined : kind.fromText(text)
    },
    unknown: () => [],
  }
}

/** Reads a secret from a file. The file must have one line, in UTF-8. */
function secretFile(name: string, path: string): string | Unreadable {
  const refused = (why: string): Unreadable => new Unreadable(`${name} names the file ${path}, which ${why}`)
  let bytes: Uint8Array
  try {
    bytes = readFileSync(path)
  } catch {
    return refused("cannot be read: check that it exists and that the engine may read it.")
  }
  let text: string
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes).replace(/^[\r\n]+|[\r\n]+$/gu, "")
  } catch {
    return refused("is not UTF-8: save it as such.")
  }
  if (text === "") return refused("is empty: write the secret into it.")
  return /[\r\n]/u.test(text) ? refused("has several lines: leave only the line of the secret.") : text
}

/**
 * Makes a source of settings that code or a file gives. A file may name its JSON schema as `$schema`, which is for editors only.
 */
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
    accounts: settings.accounts === undefined ? undefined : Object.keys(accounts),
    nameOf,
    valueOf: (setting, _, account) => of(account)[setting] ?? undefined,
    unknown: (known) =>
      [undefined, ...known.accounts].flatMap((account) => {
        const names = account === undefined ? ["accounts", ...known.engine, ...known.account] : known.account
        return Object.keys(of(account))
          .filter((setting) => !names.includes(setting) && !(setting === "$schema" && account === undefined))
          .map(
            (setting) =>
              `${nameOf(setting, account)} is not a setting (${from}).${didYouMean(setting, names)}`,
          )
      }),
  }
}

/** Where the JSON is wrong: the number of the line, without its text. */
function placeIn(text: string, cause: unknown): string {
  const [, position] = /at position (\d+)/u.exec(isNativeError(cause) ? cause.message : "") ?? []
  return position === undefined
    ? ""
    : `: the error is in line ${text.slice(0, Number(position)).split("\n").length}`
}

/** Finds names that occur twice in a JSON object. `JSON.parse` accepts them and uses the last value. */
function ambiguityIn(text: string): string | undefined {
  const strict = parseJsonText(text, { names: everyName })
  if (Result.isSuccess(strict)) return undefined
  const { fault, path, message } = strict.failure
  return fault === "duplicate"
    ? `names ${path} twice, but only one can apply: keep the right one.`
    : `cannot be used: ${message}${path === "" ? "" : ` at ${path}`}.`
}

/** Every name in the file may be shown, because the file belongs to the operator. */
const everyName = { has: (): boolean => true }

/** Reads a settings file. It contains one JSON object, in the form that code uses. */
export const fileSource = Effect.fnUntraced(function* (
  path: string,
): Effect.fn.Return<Source, ConfigUnusable> {
  const text = yield* Effect.try({
    try: () => readFileSync(path, "utf8").replace(/^\uFEFF/u, ""),
    catch: () =>
      new ConfigUnusable({
        message: `The settings file ${path} cannot be read: check that it exists and that the engine may read it.`,
      }),
  })
  const settings = yield* Effect.try({
    try: (): unknown => JSON.parse(text),
    catch: (cause) =>
      new ConfigUnusable({ message: `The settings file ${path} is not JSON${placeIn(text, cause)}.` }),
  })
  const fault = ambiguityIn(text)
  if (fault !== undefined) return yield* new ConfigUnusable({ message: `The settings file ${path} ${fault}` })
  const accounts = Predicate.isObject(settings) && "accounts" in settings ? settings["accounts"] : {}
  if (
    !Predicate.isObject(settings) ||
    !Predicate.isObject(accounts) ||
    !Object.values(accounts).every(Predicate.isObject)
  ) {
    return yield* new ConfigUnusable({
      message: `The settings file ${path} must contain one JSON object, and its accounts must be an object of objects, by their names.`,
    })
  }
  return writtenSource(settings, path)
})

/**
 * The sources of settings in the environment: first the engine's variables, then the file that
 * `LOAN_ENGINE_CONFIG_FILE` names, then the variables that many programs use.
 */
export const environmentSources = Effect.fnUntraced(function* (
  variables: Environment,
): Effect.fn.Return<ReadonlyArray<Source>, ConfigUnusable> {
  const path = variables[fileVariable]
  const file = path === undefined || path === "" ? [] : [yield* fileSource(path)]
  return [environmentSource(variables), ...file, usualSource(variables)]
})
