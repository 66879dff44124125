import { Record } from "effect"

/** Selects the values of some limits from all settings. */
export const limitsIn = <Name extends string>(
  values: { readonly [Limit in NoInfer<Name>]: number },
  defaults: { readonly [Limit in Name]: number },
): { readonly [Limit in Name]: number } => Record.map(defaults, (_, name) => values[name])
