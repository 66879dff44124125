import { serverLimits } from "../../serve/limits.ts"
import { kinds } from "../kinds.ts"
import { limitSettings, withDefault } from "../setting.ts"

export const listening = {
  host: withDefault(kinds.text, "127.0.0.1", "the address to listen on"),
  port: withDefault(kinds.port, 8_080, "the port to listen on. With 0, the engine takes any free port"),
  pathPrefix: withDefault(
    kinds.pathPrefix,
    "",
    "the path below which a proxy serves the engine, such as `/loans`. The engine then serves everything below this path, such as `/loans/callbacks/…`, and nothing outside of it",
  ),
  ...limitSettings(serverLimits),
  stopWithLauncher: withDefault(
    kinds.flag,
    true,
    "whether `serve` stops when the launcher that started it (npx, npm, pnpm, yarn) ends. With `false`, it continues",
  ),
}
