import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { Access, answers, described, Problems, RequiredScope } from "./api-contract.ts"
import { AccountJson, KeyJson } from "./account-schemas.ts"

const accounts = HttpApiEndpoint.get("accounts", "/v1/accounts", {
  success: Schema.Array(AccountJson),
  error: answers("reads-exhausted"),
})
  .annotate(RequiredScope, "read")
  .annotateMerge(
    OpenApi.annotations(
      described(
        "List accounts",
        "read",
        "Every account: its loans by stage, how many are stalled, and the state of its callbacks. The engine counts at most once a " +
          "second unless a setting says otherwise.",
      ),
    ),
  )

const key = HttpApiEndpoint.get("key", "/v1/key", { success: KeyJson, error: answers() })
  .annotate(RequiredScope, "read")
  .annotateMerge(
    OpenApi.annotations(
      described("Show the key", "read", "The name and scopes of the key, never the key itself."),
    ),
  )

export const AccountsGroup = HttpApiGroup.make("accounts")
  .add(accounts, key)
  .middleware(Access)
  .middleware(Problems)
