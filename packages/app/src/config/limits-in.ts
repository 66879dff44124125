import { Record } from "effect"

/** Some limits as they are set, out of all settings. */
export const limitsIn = <Name extends string>(
  values: { readonly [Limit in NoInfer<Name>]: number },
  defaults: { readonly [Limit in Name]: number },
): { readonly [Limit in Name]: number } => Record.map(defaults, (_, name) => values[name])
