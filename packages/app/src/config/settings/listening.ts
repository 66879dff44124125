import { serverLimits } from "../../serve/limits.ts"
import { kinds } from "../kinds.ts"
import { limitSettings, withDefault } from "../setting.ts"

export const listening = {
  host: withDefault(kinds.text, "127.0.0.1", "the address to listen on"),
  port: withDefault(kinds.port, 8_080, "the port to listen on; 0 for any free port"),
  pathPrefix: withDefault(
    kinds.pathPrefix,
    "",
    "the path below which a proxy leads to the engine, such as `/loans`: the engine then serves everything below it, `/loans/callbacks/…` too, and nothing else",
  ),
  ...limitSettings(serverLimits),
  stopWithLauncher: withDefault(
    kinds.flag,
    true,
    "whether `serve` stops when the package manager that started it (npx, npm, pnpm, yarn) ends; `false` keeps it running",
  ),
}
