import {
  bankCircuitGauge,
  bankRequestDuration,
  bankRequestsCounter,
} from "@loan-engine/adapters-http/bank/metrics"
import { callbacksCounter, signaturesCounter } from "@loan-engine/adapters-http/callback/metrics"
import {
  counterFamily,
  gaugeFamily,
  histogramFamily,
} from "@loan-engine/adapters-http/telemetry/metric-family"
import type { MetricFamily } from "@loan-engine/adapters-http/telemetry/metric-family"
import type { Effect } from "effect"
import { Metric } from "effect"

const account = "the configured accounts"
const source = "`submission`, `callback`, `poll`, `quote`, `operator`"

export const observationsCounter = counterFamily({
  name: "loan_engine_observations_total",
  unit: "observations",
  description: "Observations recorded and durable, by where they came from and what they did.",
  attributes: { account, source, disposition: "`advanced`, `noted`, `repeated`, `held`, `disputed`" },
})

export const detailsLeftOutCounter = counterFamily({
  name: "loan_engine_details_left_out_total",
  unit: "details",
  description:
    "Details of recorded messages that could not be read with one meaning. The rest of each message counts.",
  attributes: { account, source, detail: "the names of details in docs/dialects.md" },
})

export const recordFailuresCounter = counterFamily({
  name: "loan_engine_record_failures_total",
  unit: "observations",
  description:
    "Observations that could not be recorded. Nothing was acknowledged, so whoever sent them sends them again.",
  attributes: { source },
})

export const recordDuration = histogramFamily({
  name: "loan_engine_record_duration_seconds",
  unit: "seconds",
  description: "From an observation's receipt until it was durable.",
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
  description: "How many updates shared one commit.",
  attributes: {},
  boundaries: [1, 2, 4, 8, 16, 32, 64, 128, 256],
})

export const commitDuration = histogramFamily({
  name: "loan_engine_store_commit_duration_seconds",
  unit: "seconds",
  description: "How long one commit took, until it was on the disk.",
  attributes: {},
  boundaries: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
})

export const pollsCounter = counterFamily({
  name: "loan_engine_polls_total",
  unit: "questions",
  description: "Questions put to the bank about a loan, by what the answer did, or why there was none.",
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
    "Answers of the bank to a question about a loan with a decision that is not known. The loan counts as stalled: a person has to look.",
  attributes: { account },
})

export const loansGauge = gaugeFamily({
  name: "loan_engine_loans",
  unit: "loans",
  description: "Open loans by the stage they stand at, counted when this page is asked for.",
  attributes: { account, stage: "the stages of the lifecycle" },
})

export const stalledAlertsCounter = counterFamily({
  name: "loan_engine_loans_became_stalled_total",
  unit: "loans",
  description:
    "Loans that began to need a person: they fell silent for too long, the bank's decision is not known, or a callback's reference cannot be used. One that moves on and needs one again counts again.",
  attributes: { account },
})

export const callbackMissedRatioGauge = gaugeFamily({
  name: "loan_engine_callback_missed_ratio",
  unit: "ratio",
  description:
    "The share of the last days' news that no callback brought as long as one could come, from 0 to 1.",
  attributes: { account },
})

export const callbackLateGauge = gaugeFamily({
  name: "loan_engine_callback_late",
  unit: "flag",
  description:
    "1 while so many callbacks are late that they may all be going elsewhere, though they may still come.",
  attributes: { account },
})

export const callbackAlarmGauge = gaugeFamily({
  name: "loan_engine_callback_alarm",
  unit: "flag",
  description: "1 while so much is missed that the bank's callback URL may have been overwritten.",
  attributes: { account },
})

const endpoint = "the configured endpoints of webhooks"

export const webhookDeliveriesCounter = counterFamily({
  name: "loan_engine_webhook_deliveries_total",
  unit: "attempts",
  description: "Attempts to tell an endpoint of a change, by what became of them.",
  attributes: { endpoint, outcome: "`delivered`, `refused`, `timed-out`, `unreachable`, `gone`" },
})

export const webhookDuration = histogramFamily({
  name: "loan_engine_webhook_duration_seconds",
  unit: "seconds",
  description: "How long an endpoint took for one attempt.",
  attributes: { endpoint },
  boundaries: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30],
})

export const webhookParkedGauge = gaugeFamily({
  name: "loan_engine_webhook_parked",
  unit: "loans",
  description: "Loans whose next message to an endpoint waits to be tried again.",
  attributes: { endpoint },
})

export const webhookLagGauge = gaugeFamily({
  name: "loan_engine_webhook_lag",
  unit: "positions",
  description:
    "How far an endpoint is behind the newest change, in positions of the feed; on PostgreSQL these are not counted one by one.",
  attributes: { endpoint },
})

export const webhookDisabledGauge = gaugeFamily({
  name: "loan_engine_webhook_disabled",
  unit: "flag",
  description:
    "1 while nothing is sent to an endpoint, because it failed for too long or wants nothing any more.",
  attributes: { endpoint },
})

export const stalledLoansGauge = gaugeFamily({
  name: "loan_engine_loans_stalled",
  unit: "loans",
  description:
    "Loans of which so many polls in a row have brought nothing that somebody should look into them.",
  attributes: { account },
})

export const closedLoansGauge = gaugeFamily({
  name: "loan_engine_loans_closed",
  unit: "loans",
  description: "Loans that somebody has closed; they are no part of loan_engine_loans.",
  attributes: { account },
})

export const wrongKeysCounter = counterFamily({
  name: "loan_engine_wrong_keys_total",
  unit: "requests",
  description: "Requests to the API or the metrics that came without a key, or with a wrong one.",
  attributes: {},
})

export const apiRequestsCounter = counterFamily({
  name: "loan_engine_api_requests_total",
  unit: "requests",
  description: "Requests of the API under /v1, by what was called and with which status it was answered.",
  attributes: { call: "the calls that docs/openapi.json describes", status: "`200`, `201`, `304`, `404`, …" },
})

export const apiRequestDuration = histogramFamily({
  name: "loan_engine_api_request_duration_seconds",
  unit: "seconds",
  description: "From a request's first byte to the head of its answer; a stream's life is not counted.",
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
    "Lines of the log, and of the standard output, that could not be written since the process began: their reader has gone, or their disk is full.",
  attributes: { stream: "`stdout`, `stderr`" },
})

export const buildInfoGauge = gaugeFamily({
  name: "loan_engine_build_info",
  unit: "1",
  description: "Always 1; its attributes say what is running.",
  attributes: { version: "the loan engine's own", node: "the version of Node" },
})

/** Every metric there is. `docs/metrics.md` is written from this list. */
export const metricFamilies: ReadonlyArray<Omit<MetricFamily, "of">> = [
  callbacksCounter,
  signaturesCounter,
  observationsCounter,
  detailsLeftOutCounter,
  recordDuration,
  recordFailuresCounter,
  storeQueueDepthGauge,
  commitBatchSize,
  commitDuration,
  pollsCounter,
  unknownDecisionsCounter,
  bankRequestsCounter,
  bankRequestDuration,
  bankCircuitGauge,
  loansGauge,
  stalledLoansGauge,
  closedLoansGauge,
  stalledAlertsCounter,
  callbackMissedRatioGauge,
  callbackLateGauge,
  callbackAlarmGauge,
  apiRequestsCounter,
  wrongKeysCounter,
  apiRequestDuration,
  changeStreamsGauge,
  webhookDeliveriesCounter,
  webhookDuration,
  webhookParkedGauge,
  webhookLagGauge,
  webhookDisabledGauge,
  outputLinesLostGauge,
  buildInfoGauge,
]

export const countPoll = (account: string, question: string, outcome: string): Effect.Effect<void> =>
  Metric.update(pollsCounter.of({ account, question, outcome }), 1)
