import { Schema } from "effect"
import { HttpApiEndpoint, HttpApiGroup, OpenApi } from "effect/http-api"
import { Access, answers, described, Problems, RequiredScope } from "./api-contract.ts"
import { AccountJson, KeyJson } from "./account-schemas.ts"

const accounts = HttpApiEndpoint.get("accounts", "/v1/accounts", {
  success: Schema.Array(AccountJson),
  error: answers(),
})
  .annotate(RequiredScope, "read")
  .annotateMerge(
    OpenApi.annotations(
      described(
        "How every account stands",
        "read",
        "Its loans by stage, how many are stalled, and how its callbacks fare. Counted at most once a second, unless it is set " +
          "otherwise, however often it is asked for.",
      ),
    ),
  )

const key = HttpApiEndpoint.get("key", "/v1/key", { success: KeyJson, error: answers() })
  .annotate(RequiredScope, "read")
  .annotateMerge(
    OpenApi.annotations(
      described("What the key is for", "read", "Its name and scopes, never the key itself."),
    ),
  )

export const AccountsGroup = HttpApiGroup.make("accounts")
  .add(accounts, key)
  .middleware(Access)
  .middleware(Problems)
