import { ApplicationReference } from "@loan-engine/domain/observation"
import { Schema } from "effect"
import type { ParkedLoan, WebhookPlace, WebhookState } from "../ports/webhook-store.ts"
import { textOrNull, whole, wholeOrNull } from "./rows.ts"

type Row = Readonly<Record<string, unknown>>

export const placeOf = (row: Row): WebhookPlace => ({
  endpoint: String(row["name"]),
  position: whole(row["position"]),
  disabledAt: wholeOrNull(row["disabled_at"]),
  disabledWhy: textOrNull(row["disabled_why"]),
  owner: textOrNull(row["lease_owner"]),
})

export const stateOf = (row: Row): WebhookState => ({
  ...placeOf(row),
  parked: whole(row["parked"]),
  nextDueAt: wholeOrNull(row["next_due_at"]),
})

export const referenceOf = Schema.decodeUnknownSync(ApplicationReference)

export const parkedLoan = (row: Row): ParkedLoan => ({
  applicationReference: referenceOf(row["application_reference"]),
  position: whole(row["position"]),
  attempts: whole(row["attempts"]),
})
