import { once } from "node:events"
import type { IncomingHttpHeaders } from "node:http"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"

/** A span in OTLP's JSON. */
export interface ExportedSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly attributes: ReadonlyArray<{
    readonly key: string
    readonly value: Readonly<Record<string, unknown>>
  }>
}

interface ExportedTraces {
  readonly resourceSpans: ReadonlyArray<{
    readonly resource: Pick<ExportedSpan, "attributes">
    readonly scopeSpans: ReadonlyArray<{ readonly spans: ReadonlyArray<ExportedSpan> }>
  }>
}

export interface OtlpReceiver {
  readonly url: string
  /** The received requests, in order. */
  readonly requests: ReadonlyArray<{
    readonly path: string
    readonly headers: IncomingHttpHeaders
    readonly body: string
  }>
  readonly spans: () => ReadonlyArray<ExportedSpan>
  readonly resources: () => ReadonlyArray<Readonly<Record<string, unknown>>>
  readonly close: () => void
}

/** A collector on loopback that keeps every request. */
export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const requests: Array<{ path: string; headers: IncomingHttpHeaders; body: string }> = []
  const server = createServer((request, response) => {
    let body = ""
    request.setEncoding("utf8").on("data", (text: string) => (body += text))
    request.on("end", () => {
      requests.push({ path: request.url ?? "", headers: request.headers, body })
      response.writeHead(200, { "content-type": "application/json" }).end("{}")
    })
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  const traces = (): ReadonlyArray<ExportedTraces["resourceSpans"][number]> =>
    requests.flatMap(({ body }) => (JSON.parse(body) as ExportedTraces).resourceSpans)
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    spans: () => traces().flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
    resources: () => traces().map(({ resource }) => attributesOf(resource)),
    close: () => server.close(),
  }
}

export const attributesOf = ({
  attributes,
}: Pick<ExportedSpan, "attributes">): Readonly<Record<string, unknown>> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))

/** The names of a span and of all spans around it, the outermost first. */
export function lineage(spans: ReadonlyArray<ExportedSpan>, span: ExportedSpan): ReadonlyArray<string> {
  const parent = spans.find(({ spanId }) => spanId === span.parentSpanId)
  return parent === undefined ? [span.name] : [...lineage(spans, parent), span.name]
}
