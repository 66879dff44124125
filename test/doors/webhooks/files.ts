import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { layerSqlite, sqliteDefaults } from "@loan-engine/app/store/sqlite/store"
import { Effect } from "effect"
import type { Scope } from "effect"
import type { StoreLayer } from "./support.ts"
import type { Receiver, ReceiverOptions } from "./receiver.ts"
import { startReceiver } from "./receiver.ts"

const directory = mkdtempSync(join(tmpdir(), "loan-engine-webhooks-"))
process.once("exit", () => rmSync(directory, { recursive: true, force: true }))
let files = 0

/** A path in a directory that is removed after the tests. */
export const newFile = (): string => join(directory, `${files++}.sqlite`)

export const fileStore = (path: string = newFile()): StoreLayer => layerSqlite({ path, ...sqliteDefaults })

/** A receiver of webhooks that closes with the scope. */
export const receive = (options: ReceiverOptions = {}): Effect.Effect<Receiver, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.promise(() => startReceiver(options)),
    (receiver) => Effect.promise(() => receiver.close()),
  )
