import {
  counterFamily,
  gaugeFamily,
  histogramFamily,
} from "@loan-engine/adapters-http/telemetry/metric-family"
import type { Effect } from "effect"
import { Metric } from "effect"

const account = "the configured accounts"
const source = "`submission`, `callback`, `poll`, `quote`, `operator`"

export const observationsCounter = counterFamily({
  name: "loan_engine_observations_total",
  unit: "observations",
  description: "Observations that the engine has stored durably, by source and disposition.",
  attributes: { account, source, disposition: "`advanced`, `noted`, `repeated`, `held`, `disputed`" },
})

export const detailsLeftOutCounter = counterFamily({
  name: "loan_engine_details_left_out_total",
  unit: "details",
  description:
    "Details of messages that the engine left out, because a detail had no meaning or several. The rest of each message counts.",
  attributes: { account, source, detail: "the names of details in docs/dialects.md" },
})

export const recordFailuresCounter = counterFamily({
  name: "loan_engine_record_failures_total",
  unit: "observations",
  description:
    "Observations that the engine could not record. It acknowledged none of them, so the sender sends them again.",
  attributes: { source },
})

export const recordDuration = histogramFamily({
  name: "loan_engine_record_duration_seconds",
  unit: "seconds",
  description: "Time from the receipt of an observation until it is stored durably.",
  attributes: { source },
  boundaries: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
})

export const storeQueueDepthGauge = gaugeFamily({
  name: "loan_engine_store_queue_depth",
  unit: "updates",
  description: "Updates that wait for their commit at this moment.",
  attributes: {},
})

export const commitBatchSize = histogramFamily({
  name: "loan_engine_store_commit_batch_size",
  unit: "updates",
  description: "Number of updates in one commit.",
  attributes: {},
  boundaries: [1, 2, 4, 8, 16, 32, 64, 128, 256],
})

export const commitDuration = histogramFamily({
  name: "loan_engine_store_commit_duration_seconds",
  unit: "seconds",
  description: "Duration of one commit, until it is on the disk.",
  attributes: {},
  boundaries: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
})

export const pollsCounter = counterFamily({
  name: "loan_engine_polls_total",
  unit: "questions",
  description:
    "Questions to the bank about a loan. The outcome says what the answer changed, or why there was no answer.",
  attributes: {
    account,
    question: "`status`, `quote`",
    outcome:
      "a disposition, the reason of a BankError, `bank-not-configured`, `bank-paused` or `put-off` (the loan may be invented)",
  },
})

export const unknownDecisionsCounter = counterFamily({
  name: "loan_engine_unknown_decisions_total",
  unit: "answers",
  description:
    "Answers of the bank with a decision that the engine does not know. The loan is stalled, and a person must look.",
  attributes: { account },
})

export const loansGauge = gaugeFamily({
  name: "loan_engine_loans",
  unit: "loans",
  description:
    "Loans that no person has closed, by stage. The engine counts them when `/metrics` is requested.",
  attributes: { account, stage: "the stages of the lifecycle" },
})

export const stalledAlertsCounter = counterFamily({
  name: "loan_engine_loans_became_stalled_total",
  unit: "loans",
  description:
    "Loans that became stalled: the bank was silent for too long, its decision is unknown, or a callback's reference cannot be used. If a loan recovers and stalls again, it counts again.",
  attributes: { account },
})

export const callbackMissedRatioGauge = gaugeFamily({
  name: "loan_engine_callback_missed_ratio",
  unit: "ratio",
  description:
    "The share of recent changes whose callback did not arrive within 36 hours, from 0 to 1. A change counts only when these 36 hours are over.",
  attributes: { account },
})

export const callbackLateGauge = gaugeFamily({
  name: "loan_engine_callback_late",
  unit: "flag",
  description:
    "1 while so many callbacks are late that the bank may send them to another URL. They may still arrive.",
  attributes: { account },
})

export const callbackAlarmGauge = gaugeFamily({
  name: "loan_engine_callback_alarm",
  unit: "flag",
  description:
    "1 while so many callbacks are missed that another system may have overwritten the bank's callback URL.",
  attributes: { account },
})

const endpoint = "the configured webhook endpoints"

export const webhookDeliveriesCounter = counterFamily({
  name: "loan_engine_webhook_deliveries_total",
  unit: "attempts",
  description: "Attempts to deliver a change to an endpoint, by outcome.",
  attributes: { endpoint, outcome: "`delivered`, `refused`, `timed-out`, `unreachable`, `gone`" },
})

export const webhookDuration = histogramFamily({
  name: "loan_engine_webhook_duration_seconds",
  unit: "seconds",
  description: "Duration of one attempt to deliver a change to an endpoint.",
  attributes: { endpoint },
  boundaries: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30],
})

export const webhookParkedGauge = gaugeFamily({
  name: "loan_engine_webhook_parked",
  unit: "loans",
  description: "Loans whose next message to an endpoint waits for a retry.",
  attributes: { endpoint },
})

export const webhookLagGauge = gaugeFamily({
  name: "loan_engine_webhook_lag",
  unit: "positions",
  description:
    "How far an endpoint is behind the newest change, in positions of the feed. On PostgreSQL positions have gaps.",
  attributes: { endpoint },
})

export const webhookDisabledGauge = gaugeFamily({
  name: "loan_engine_webhook_disabled",
  unit: "flag",
  description: "1 while an endpoint is disabled: it failed for too long, or answered `410 Gone`.",
  attributes: { endpoint },
})

export const stalledLoansGauge = gaugeFamily({
  name: "loan_engine_loans_stalled",
  unit: "loans",
  description: "Loans that are stalled at this moment. A person must look at them.",
  attributes: { account },
})

export const closedLoansGauge = gaugeFamily({
  name: "loan_engine_loans_closed",
  unit: "loans",
  description: "Loans that a person has closed. loan_engine_loans does not include them.",
  attributes: { account },
})

export const wrongKeysCounter = counterFamily({
  name: "loan_engine_wrong_keys_total",
  unit: "requests",
  description: "Requests to the API or to `/metrics` without a key, or with a wrong key.",
  attributes: {},
})

export const apiRequestsCounter = counterFamily({
  name: "loan_engine_api_requests_total",
  unit: "requests",
  description: "Requests to the API under /v1, by call and by status of the answer.",
  attributes: { call: "the calls that docs/openapi.json describes", status: "`200`, `201`, `304`, `404`, …" },
})

export const apiRequestDuration = histogramFamily({
  name: "loan_engine_api_request_duration_seconds",
  unit: "seconds",
  description:
    "Time from a request's first byte to the head of its answer. For a stream, the time after the head does not count.",
  attributes: { call: "the calls that docs/openapi.json describes" },
  boundaries: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
})

export const changeStreamsGauge = gaugeFamily({
  name: "loan_engine_change_streams",
  unit: "streams",
  description: "Streams of changes that are open at this moment.",
  attributes: {},
})

export const outputLinesLostGauge = gaugeFamily({
  name: "loan_engine_output_lines_lost",
  unit: "lines",
  description:
    "Lines of the log and of standard output that the engine could not write since the process began. The reader is gone, or the disk is full.",
  attributes: { stream: "`stdout`, `stderr`" },
})

export const buildInfoGauge = gaugeFamily({
  name: "loan_engine_build_info",
  unit: "1",
  description: "Always 1. The attributes name the versions that run.",
  attributes: { version: "the version of the loan engine", node: "the version of Node" },
})

export const countPoll = (account: string, question: string, outcome: string): Effect.Effect<void> =>
  Metric.update(pollsCounter.of({ account, question, outcome }), 1)
