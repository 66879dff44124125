import { Effect } from "effect"
import type { ChangeJson } from "../contract/loan-schemas.ts"
import { followChanges } from "./followed-changes.ts"
import { makeWatch } from "./watch.ts"
import type { Watch, WatchState } from "./watch.ts"
import type { Watching } from "./watch-loans.ts"

/** How many changes a watch keeps. */
const changesKeptMax = 50

export interface ChangesSnapshot extends WatchState {
  /** The changes since the watch began, at most 50, with the newest first. Listeners are called for every change. */
  readonly changes: ReadonlyArray<ChangeJson>
}

/** Watches the changes of all loans, or of one account's loans, from now on. */
export function watchChanges(
  { http, limits, signal }: Omit<Watching, "calls">,
  { account }: { readonly account?: string },
): Watch<ChangesSnapshot> {
  let changes: ReadonlyArray<ChangeJson> = []
  let wasLive = false
  let resets = 0
  const path = `/v1/changes${account === undefined ? "" : `?account=${encodeURIComponent(account)}`}`
  return makeWatch(
    (state) => ({ ...state, changes }),
    (changed) =>
      followChanges(http, path, limits, {
        connected: Effect.sync(() => {
          wasLive = true
          changed({ status: "live", problem: undefined })
        }),
        changed: (change) => {
          changes = [change, ...changes.slice(0, changesKeptMax - 1)]
          changed()
        },
        reset: () => {
          changes = []
          resets += 1
          changed({ resets })
        },
        disconnected: () => changed({ status: wasLive ? "reconnecting" : "connecting", problem: undefined }),
        refused: (problem) => changed({ status: "refused", problem }),
      }),
    signal,
  )
}
