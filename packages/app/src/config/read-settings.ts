import { AccountName } from "@loan-engine/domain/observation"
import { Effect, Option, Schema } from "effect"
import { ConfigUnusable } from "./config-unusable.ts"
import type { AnySetting, Settings, ValuesOf } from "./setting.ts"
import { accountSettings, engineSettings } from "./settings.ts"
import type { AccountValues, EngineValues } from "./settings.ts"
import { Unreadable } from "./sources.ts"
import type { Source } from "./sources.ts"
import { variableOf } from "./variable-names.ts"

/** One setting as it is in force, and its source. */
export interface Found {
  readonly setting: string
  readonly account: string | undefined
  readonly kind: AnySetting["kind"]
  readonly value: unknown
  /** The setting's name in its source. If it was not set, the name under which it could be set. */
  readonly name: string
  /** Where the setting was found. `undefined` if it has its default. */
  readonly source: Source | undefined
}

/** All settings as they are in force. */
export interface SettingsRead {
  readonly engine: EngineValues
  readonly accounts: ReadonlyArray<AccountValues & { readonly name: AccountName }>
  /** The same settings as a list, to print them. */
  readonly found: ReadonlyArray<Found>
  /** The name under which the user sets a setting: `LOAN_ENGINE_PORT`, or `port`. */
  readonly nameOf: (setting: string, account?: string) => string
  /**
   * The name of an account's setting. If there is only one account, it is the name of the setting for all accounts.
   */
  readonly ownNameOf: (account: AccountName) => (setting: string) => string
}

const isAccountName = Schema.is(AccountName)
const defaultAccount = "default"

/**
 * Reads all settings. Each comes from the first source that has it.
 *
 * Errors: {@link ConfigUnusable}, with one line for each fault.
 */
export function readSettings(sources: ReadonlyArray<Source>): Effect.Effect<SettingsRead, ConfigUnusable> {
  const faults: Array<string> = []
  const found: Array<Found> = []
  const [first] = sources
  const nameOf = (setting: string, account?: string): string => first?.nameOf(setting, account) ?? setting
  const names = accountNames(sources, faults)
  const isImplied = sources.every(({ accounts }) => accounts === undefined)
  const ownNameOf = (account: AccountName) => (setting: string) =>
    isImplied ? nameOf(setting) : nameOf(setting, account)

  const looked = (setting: string, kind: AnySetting["kind"], account?: string) => {
    for (const source of sources) {
      const written = source.valueOf(setting, kind, account)
      if (written !== undefined) return { written, source, name: source.nameOf(setting, account) }
    }
    return undefined
  }
  const readOne = (setting: string, declared: AnySetting, account?: string): unknown => {
    const { kind, sharedByAccounts, default: fallback } = declared
    const inherits = sharedByAccounts === true || names.length === 1
    const own = looked(setting, kind, account)
    const given = own ?? (account !== undefined && inherits ? looked(setting, kind) : undefined)
    const value = given === undefined ? Option.some(fallback) : kind.decode(given.written)
    if (given?.written instanceof Unreadable) faults.push(given.written.fault)
    else if (given !== undefined && Option.isNone(value))
      faults.push(`${given.name} must be ${kind.expected}.`)
    const name = given?.name ?? nameOf(setting, names.length > 1 ? account : undefined)
    found.push({ setting, account, kind, value: Option.getOrUndefined(value), name, source: given?.source })
    return Option.getOrUndefined(value)
  }
  const readAll = <All extends Settings>(all: All, account?: string): ValuesOf<All> => {
    const values: Record<string, unknown> = {}
    for (const [setting, declared] of Object.entries<AnySetting>(all)) {
      values[setting] = readOne(setting, declared, account)
    }
    if (!isComplete(all, values)) throw new Error("a setting was not read")
    return values
  }

  const engine = readAll(engineSettings)
  const accounts = names.map((name) => ({ name, ...readAll(accountSettings, name) }))
  if (names.length > 1) faults.push(...ownersMissing(sources, names))
  faults.push(...useless(found, nameOf), ...accountsLeftOut(sources))
  const known = {
    engine: Object.keys(engineSettings),
    account: Object.keys(accountSettings),
    accounts: names,
    otherVariables: engine.otherVariables,
  }
  faults.push(...sources.flatMap((source) => source.unknown(known)))
  return faults.length > 0
    ? Effect.fail(new ConfigUnusable({ message: faults.join("\n") }))
    : Effect.succeed({ engine, accounts, found, nameOf, ownNameOf })
}

function accountNames(sources: ReadonlyArray<Source>, faults: Array<string>): ReadonlyArray<AccountName> {
  const source = sources.find(({ accounts }) => accounts !== undefined)
  const names: Array<AccountName> = []
  for (const name of source?.accounts ?? [defaultAccount]) {
    if (isAccountName(name)) names.push(name)
    else {
      faults.push(
        `${JSON.stringify(name)} is not a valid account name (${source?.from}): use 1 to 64 letters, digits, dots, dashes and ` +
          "underscores, beginning with a letter or digit.",
      )
    }
  }
  const variables = names.map((name) => variableOf("", name))
  if (new Set(variables).size < names.length) {
    faults.push(`Two of the accounts ${names.join(", ")} have the same name, or differ only in punctuation.`)
  }
  if (names.length === 0 && faults.length === 0) faults.push("At least one account must be named.")
  return names
}

/**
 * Faults if a setting that identifies an account does not name the account, although there are several. Otherwise the
 * secret of one account would be valid for another.
 */
function ownersMissing(sources: ReadonlyArray<Source>, names: ReadonlyArray<string>): ReadonlyArray<string> {
  return Object.entries<AnySetting>(accountSettings).flatMap(([setting, { kind, sharedByAccounts }]) => {
    if (sharedByAccounts === true) return []
    return sources
      .filter((source) => source.valueOf(setting, kind) !== undefined)
      .map(({ nameOf }) => {
        const own = names.map((name) => nameOf(setting, name)).join(", ")
        return `${nameOf(setting)} does not say which account it is for: set ${own}.`
      })
  })
}

/** Faults for settings that have no effect, because another setting is missing. */
function useless(found: ReadonlyArray<Found>, nameOf: SettingsRead["nameOf"]): Iterable<string> {
  const declared: Settings = { ...engineSettings, ...accountSettings }
  const faults = new Set<string>()
  for (const { setting, account, source, name } of found) {
    const needs = declared[setting]?.needs
    if (needs === undefined || source === undefined) continue
    // A setting for all accounts has an effect if any account has the other setting.
    const isOwn = account !== undefined && name !== nameOf(setting)
    const isUsed = found.some(
      (each) => each.setting === needs && each.value !== undefined && (!isOwn || each.account === account),
    )
    const other = source.nameOf(needs, isOwn ? account : undefined)
    if (!isUsed) faults.add(`${name} has no effect without ${other}: set both, or neither.`)
  }
  return faults
}

/** Faults for accounts that have settings in one source, but are missing in the source that names the accounts. */
function accountsLeftOut(sources: ReadonlyArray<Source>): ReadonlyArray<string> {
  const [naming, ...others] = sources.filter(({ accounts }) => accounts !== undefined)
  return others.flatMap(({ from, accounts = [] }) => {
    const left = accounts.filter((name) => naming?.accounts?.includes(name) !== true)
    return left.length === 0
      ? []
      : [
          `${naming?.from} names the accounts, but not ${left.join(", ")}, which ${from} sets. Add ${left.length === 1 ? "it" : "them"} to ` +
            `${naming?.from}, or remove ${left.length === 1 ? "it" : "them"} from ${from}.`,
        ]
  })
}

/** Whether every setting has been read. */
function isComplete<All extends Settings>(
  all: All,
  values: Readonly<Record<string, unknown>>,
): values is ValuesOf<All> {
  return Object.keys(all).every((name) => Object.hasOwn(values, name))
}
