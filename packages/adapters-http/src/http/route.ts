import type { Redacted } from "effect"

/** How requests reach the bank. By default they go directly, over https, and trust the same authorities as Node. */
export interface BankRoute {
  /** Certificates of authorities, in PEM, that are trusted in addition to Node's. */
  readonly authorities: ReadonlyArray<string>
  /**
   * The proxy for https, such as `http://user:password@proxy:3128`. Requests over plain http, and to loopback
   * addresses, do not use it.
   */
  readonly proxyUrl: Redacted.Redacted | undefined
  /** Other hosts that do not use the proxy. `.example.com` means all hosts below it, and `*` means every host. */
  readonly noProxy: ReadonlyArray<string>
  /**
   * The hosts to which plain http is allowed. Nobody else may be able to read the network between them and the
   * engine.
   */
  readonly plainHttpHosts: ReadonlyArray<string>
}

export const straightRoute: BankRoute = {
  authorities: [],
  proxyUrl: undefined,
  noProxy: [],
  plainHttpHosts: [],
}
