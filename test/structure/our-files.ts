import { readdirSync } from "node:fs"
import { join } from "node:path"
import { inCheckout } from "../checkout.ts"

/** The files of ours within some folders, by their paths from the root: no built ones, and none of others. */
export const filesWithin = (folders: ReadonlyArray<string>): ReadonlyArray<string> =>
  folders
    .flatMap((folder) =>
      readdirSync(inCheckout(folder), { recursive: true, encoding: "utf8" }).map((file) =>
        join(folder, file),
      ),
    )
    .filter((file) => /\.[cm]?tsx?$/u.test(file) && !/node_modules|[/\\]dist[/\\]/u.test(file))
