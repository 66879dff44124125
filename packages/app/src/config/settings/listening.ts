import { serverLimits } from "../../serve/limits.ts"
import { kinds } from "../kinds.ts"
import { limitSettings, withDefault } from "../setting.ts"

export const listening = {
  host: withDefault(kinds.text, "127.0.0.1", "the address to listen on"),
  port: withDefault(kinds.port, 8_080, "the port to listen on; 0 for any free port"),
  ...limitSettings(serverLimits),
  stopWithLauncher: withDefault(
    kinds.flag,
    true,
    "whether `serve` stops when the package manager that started it (npx, npm, pnpm, yarn) ends; `false` keeps it running",
  ),
}
