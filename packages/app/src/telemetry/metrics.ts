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
  description: "Observations that are recorded and durable, by source and disposition.",
  attributes: { account, source, disposition: "`advanced`, `noted`, `repeated`, `held`, `disputed`" },
})

export const detailsLeftOutCounter = counterFamily({
  name: "loan_engine_details_left_out_total",
  unit: "details",
  description:
    "Details of recorded messages that had no single meaning and were left out. The rest of each message counts.",
  attributes: { account, source, detail: "the names of details in docs/dialects.md" },
})

export const recordFailuresCounter = counterFamily({
  name: "loan_engine_record_failures_total",
  unit: "observations",
  description:
    "Observations that could not be recorded. The engine acknowledged none of them, so the sender sends them again.",
  attributes: { source },
})

export const recordDuration = histogramFamily({
  name: "loan_engine_record_duration_seconds",
  unit: "seconds",
  description: "Time from the receipt of an observation until it is durable.",
  attributes: { source },
  boundaries: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
})

export const storeQueueDepthGauge = gaugeFamily({
  name: "loan_engine_store_queue_depth",
  unit: "updates",
  description: "Updates that wait for their commit now.",
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
  description: "Time of one commit, until it is on the disk.",
  attributes: {},
  boundaries: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
})

export const pollsCounter = counterFamily({
  name: "loan_engine_polls_total",
  unit: "questions",
  description: "Questions to the bank about a loan, by what the answer did or why there was no answer.",
  attributes: {
    account,
    question: "`status`, `quote`",
    outcome: "a disposition, the reason of a BankError, or `bank-not-configured`",
  },
})

export const unknownDecisionsCounter = counterFamily({
  name: "loan_engine_unknown_decisions_total",
  unit: "answers",
  description:
    "Answers of the bank with an unknown decision. Their loans are stalled: a person must look at them.",
  attributes: { account },
})

export const loansGauge = gaugeFamily({
  name: "loan_engine_loans",
  unit: "loans",
  description: "Open loans by stage, counted when this page is requested.",
  attributes: { account, stage: "the stages of the lifecycle" },
})

export const stalledAlertsCounter = counterFamily({
  name: "loan_engine_loans_became_stalled_total",
  unit: "loans",
  description:
    "Loans that became stalled: the bank was silent for too long, its decision is unknown, or a callback's reference cannot be used. A loan that moves on and stalls again counts again.",
  attributes: { account },
})

export const callbackMissedRatioGauge = gaugeFamily({
  name: "loan_engine_callback_missed_ratio",
  unit: "ratio",
  description: "The share of the last days' news whose callback did not arrive in time, from 0 to 1.",
  attributes: { account },
})

export const callbackLateGauge = gaugeFamily({
  name: "loan_engine_callback_late",
  unit: "flag",
  description:
    "1 while so many callbacks are late that the bank may be sending them elsewhere. They may still arrive.",
  attributes: { account },
})

export const callbackAlarmGauge = gaugeFamily({
  name: "loan_engine_callback_alarm",
  unit: "flag",
  description: "1 while so many callbacks are missed that the bank's callback URL may have been overwritten.",
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
  description: "Time of one attempt to deliver to an endpoint.",
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
  description: "1 while an endpoint is disabled, because it failed for too long or answered that it is gone.",
  attributes: { endpoint },
})

export const stalledLoansGauge = gaugeFamily({
  name: "loan_engine_loans_stalled",
  unit: "loans",
  description: "Loans that are stalled now: a person should look into them.",
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
  description: "Requests to the API or the metrics without a key, or with a wrong one.",
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
    "Time from a request's first byte to the head of its answer. The life of a stream is not included.",
  attributes: { call: "the calls that docs/openapi.json describes" },
  boundaries: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
})

export const changeStreamsGauge = gaugeFamily({
  name: "loan_engine_change_streams",
  unit: "streams",
  description: "Streams of changes that are open now.",
  attributes: {},
})

export const outputLinesLostGauge = gaugeFamily({
  name: "loan_engine_output_lines_lost",
  unit: "lines",
  description:
    "Lines of the log and of standard output that could not be written since the process began: their reader is gone, or their disk is full.",
  attributes: { stream: "`stdout`, `stderr`" },
})

export const buildInfoGauge = gaugeFamily({
  name: "loan_engine_build_info",
  unit: "1",
  description: "Always 1. Its attributes say what is running.",
  attributes: { version: "the version of the loan engine", node: "the version of Node" },
})

export const countPoll = (account: string, question: string, outcome: string): Effect.Effect<void> =>
  Metric.update(pollsCounter.of({ account, question, outcome }), 1)
