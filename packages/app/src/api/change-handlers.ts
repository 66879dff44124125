import { Effect } from "effect"
import { HttpApiBuilder } from "effect/http-api"
import type { ChangeFeedLimits } from "../journal/change-feed.ts"
import { LoanEngine } from "../engine.ts"
import type { FeedCursor } from "../journal/feed-cursor.ts"
import { readFeedCursor } from "../journal/feed-cursor.ts"
import { makeChangeStreams } from "./change-stream.ts"
import { LoanApi } from "./loan-api.ts"
import { knownIn } from "./loan-handlers.ts"
import { answering } from "./problem.ts"

const cursorIn = (
  headers: { readonly "last-event-id"?: string },
  query: { readonly after?: string },
): FeedCursor | undefined => readFeedCursor(headers["last-event-id"] ?? query.after ?? "")

/** The change feed as server-sent events: of one loan, and of all. */
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
