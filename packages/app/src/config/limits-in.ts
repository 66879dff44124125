import { Record } from "effect"

/** Selects the values of these limits from all settings. */
export const limitsIn = <Name extends string>(
  values: { readonly [Limit in NoInfer<Name>]: number },
  limits: { readonly [Limit in Name]: unknown },
): { readonly [Limit in Name]: number } => Record.map(limits, (_, name) => values[name])
