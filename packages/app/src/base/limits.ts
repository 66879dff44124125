import { Record } from "effect"

/**
 * One limit: its default, and what it limits. The setting of the same name and its documentation are made from it.
 */
export interface Limit {
  readonly default: number
  readonly about: string
}

export const limit = (value: number, about: string): Limit => ({ default: value, about })

/** The values of some limits. */
export type LimitsOf<All> = { readonly [Name in keyof All]: number }

export const defaultsOf = <Name extends string>(limits: { readonly [Each in Name]: Limit }): {
  readonly [Each in Name]: number
} => Record.map(limits, (each) => each.default)
