import { getCACertificates } from "node:tls"
import { Redacted } from "effect"
import { Agent, EnvHttpProxyAgent } from "undici"
import type { Dispatcher } from "undici"
import type { BankRoute } from "./route.ts"

const tlsSessionsMax = 10

/** A proxy cannot reach our own machine. */
const neverProxied = ["localhost", ".localhost", "127.0.0.1", "::1"]

/** Connections by a route: through its proxy, with its authorities. Every option is written out. */
export function makeRoutedAgent(
  connectMsMax: number,
  { authorities, proxyUrl, noProxy }: BankRoute,
  limits: Omit<Agent.Options, "connect" | "pipelining" | "allowH2">,
): Dispatcher {
  const tls = {
    rejectUnauthorized: true,
    maxCachedSessions: tlsSessionsMax,
    ...(authorities.length === 0 ? {} : { ca: [...getCACertificates("default"), ...authorities] }),
  }
  const options = { ...limits, pipelining: 1, allowH2: false, connect: { timeout: connectMsMax, ...tls } }
  if (proxyUrl === undefined || noProxy.includes("*")) return new Agent(options)
  return new EnvHttpProxyAgent({
    ...options,
    connectTimeout: connectMsMax,
    requestTls: tls,
    proxyTls: tls,
    // Each option is given, so that none is read from the process's environment.
    httpProxy: "",
    httpsProxy: Redacted.value(proxyUrl),
    noProxy: [...noProxy, ...neverProxied].join(","),
  })
}
