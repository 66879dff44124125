import type { Redacted } from "effect"

/** How requests get to the bank: straight, by the authorities that Node knows, over https alone, unless this says otherwise. */
export interface BankRoute {
  /** Certificates in PEM that are trusted beside those that Node knows. */
  readonly authorities: ReadonlyArray<string>
  /** The proxy for https, such as `http://user:password@proxy:3128`. Loopback addresses and plain http go without it. */
  readonly proxyUrl: Redacted.Redacted | undefined
  /** The hosts that go without it too: `.example.com` for all below it, `*` for every one. */
  readonly noProxy: ReadonlyArray<string>
  /** The hosts to which plain http is allowed, by name: nobody must be able to listen on the way. */
  readonly plainHttpHosts: ReadonlyArray<string>
}

export const straightRoute: BankRoute = {
  authorities: [],
  proxyUrl: undefined,
  noProxy: [],
  plainHttpHosts: [],
}
