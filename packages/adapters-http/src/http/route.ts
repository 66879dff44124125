import type { Redacted } from "effect"

/**
 * How requests reach the bank. The default is a direct connection over https, with the authorities that Node trusts.
 */
export interface BankRoute {
  /** Certificates in PEM that are trusted in addition to Node's own. */
  readonly authorities: ReadonlyArray<string>
  /**
   * The proxy for https, such as `http://user:password@proxy:3128`. Requests to loopback addresses and over plain http
   * do not use it.
   */
  readonly proxyUrl: Redacted.Redacted | undefined
  /** More hosts that do not use the proxy: `.example.com` for all hosts below it, `*` for every host. */
  readonly noProxy: ReadonlyArray<string>
  /**
   * The names of the hosts to which plain http is allowed. Nobody must be able to read the network between them and the
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
