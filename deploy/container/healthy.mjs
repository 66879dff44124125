// The container's health check: 0 if the engine can make a callback durable now, 1 otherwise.
const { LOAN_ENGINE_PORT: port = "8080", LOAN_ENGINE_PATH_PREFIX: prefix = "" } = process.env
const answer = await fetch(`http://127.0.0.1:${port}${prefix}/health/ready`).catch(() => undefined)
process.exit(answer?.ok === true ? 0 : 1)
