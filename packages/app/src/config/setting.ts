import { Record } from "effect"
import type { Limit } from "../base/limits.ts"
import { kinds } from "./kinds.ts"
import type { Kind } from "./kinds.ts"

/** One setting: its purpose, its default, and how its value is written. */
export interface Setting<Value, Written, Default> {
  readonly about: string
  readonly default: Default
  /** How the documentation shows the default, if the value itself is not clear. */
  readonly defaultShown?: string
  readonly kind: Kind<Value, Written>
  /**
   * Whether an account without this setting uses the engine's setting. It must be false for a setting that identifies
   * an account.
   */
  readonly sharedByAccounts?: boolean
  /** The other setting that this one needs. If the other is missing, this one is refused. */
  readonly needs?: string
  /** A restriction in addition to that of its kind, as in "at most 1024 on PostgreSQL". */
  readonly also?: string
}

export type AnySetting = Setting<unknown, unknown, unknown>
export type Settings = Readonly<Record<string, AnySetting>>

/** The values of some settings, as the engine uses them. */
export type ValuesOf<All> = {
  readonly [Name in keyof All]: All[Name] extends Setting<infer Value, infer _, infer Default>
    ? undefined extends Default
      ? Value | undefined
      : Value
    : never
}

/** The values of some settings in the form that code or a file uses. If a setting is missing, its default applies. */
export type WrittenOf<All> = {
  readonly [Name in keyof All]?:
    | (All[Name] extends Setting<infer _, infer Written, infer __> ? Written : never)
    | undefined
}

/** A setting that always has a value. */
export const withDefault = <Value, Written>(
  kind: Kind<Value, Written>,
  value: Value,
  about: string,
): Setting<Value, Written, Value> => ({ kind, default: value, about })

/** An optional setting. */
export const optional = <Value, Written>(
  kind: Kind<Value, Written>,
  about: string,
  defaultShown = "none",
): Setting<Value, Written, undefined> => ({ kind, default: undefined, about, defaultShown })

/** A setting that has no effect without another. */
export const needing = <Value, Written, Default>(
  needs: string,
  setting: Setting<Value, Written, Default>,
): Setting<Value, Written, Default> => ({ ...setting, needs })

/** A setting with a restriction in addition to that of its kind. */
export const also = <Value, Written, Default>(
  more: string,
  setting: Setting<Value, Written, Default>,
): Setting<Value, Written, Default> => ({ ...setting, also: more })

/** A setting that an account inherits from the engine, unless it has its own. */
export const shared = <Value, Written, Default>(
  setting: Setting<Value, Written, Default>,
): Setting<Value, Written, Default> => ({ ...setting, sharedByAccounts: true })

/**
 * Makes one setting for each limit, with the same name. If the name ends in `Ms`, `MsMax` or `MsMin`, the setting is
 * a time.
 */
export const limitSettings = <Name extends string>(
  limits: { readonly [Each in Name]: Limit },
  kind?: Kind<number, number>,
) =>
  Record.map(limits, ({ default: value, about }, name) =>
    withDefault(kind ?? (/Ms(?:Max|Min)?$/u.test(name) ? kinds.milliseconds : kinds.whole), value, about),
  )

/**
 * Adds a text to each limit of a package that lists only the defaults. If a limit has no text, this does not compile.
 */
export const withTexts = <Name extends string>(
  defaults: { readonly [Each in Name]: number },
  abouts: { readonly [Each in Name]: string },
): { readonly [Each in Name]: Limit } =>
  Record.map(abouts, (about, name) => ({ default: defaults[name], about }))

export const longKey = "It has at least 16 characters if `host` is not a loopback address"
