import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import type { ChangeFeedLimits } from "../feed/change-feed.ts"
import { LoanEngine } from "../record/engine.ts"
import type { FeedCursor } from "../journal/feed-cursor.ts"
import { readFeedCursor } from "../journal/feed-cursor.ts"
import { makeChangeStreams } from "./sent-changes.ts"
import { LoanApi } from "../contract/loan-api.ts"
import { knownIn } from "./loan-handlers.ts"
import { answering } from "../contract/problem.ts"

const cursorIn = (
  headers: { readonly "last-event-id"?: string },
  query: { readonly after?: string },
): FeedCursor | undefined => readFeedCursor(headers["last-event-id"] ?? query.after ?? "")

/** The change feed as server-sent events, for one loan and for all loans. */
export const changeHandlers = (limits: ChangeFeedLimits) =>
  HttpApiBuilder.group(
    LoanApi,
    "changes",
    Effect.fnUntraced(function* (handlers) {
      const known = knownIn(yield* LoanEngine)
      const stream = yield* makeChangeStreams(limits)
      return handlers
        .handle("loanChanges", ({ request, params: { reference }, headers, query }) =>
          answering(
            Effect.andThen(
              known(reference),
              stream(request, { after: cursorIn(headers, query), only: { reference } }),
            ),
          ),
        )
        .handle("changes", ({ request, headers, query }) =>
          answering(
            stream(request, {
              after: cursorIn(headers, query),
              only: { account: query.account },
            }),
          ),
        )
    }),
  )
