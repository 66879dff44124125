import { kinds } from "../kinds.ts"
import { optional, withDefault } from "../setting.ts"

const { text } = kinds

export const route = {
  bankProxyUrl: optional(
    kinds.proxy,
    "the proxy for https requests to the bank, its keys and its test utility; loopback addresses bypass it",
    "`HTTPS_PROXY` or `https_proxy`, otherwise `ALL_PROXY`, which must be http or https too",
  ),
  bankNoProxy: {
    ...withDefault(
      kinds.spacedTexts,
      [],
      "the hosts that bypass the proxy: `bank.internal`, `.internal` for all below it, or `*`",
    ),
    defaultShown: "`NO_PROXY` or `no_proxy`",
  },
  bankCaFile: optional(
    text,
    "a PEM file of certificate authorities that the engine trusts in addition to Node's (`NODE_EXTRA_CA_CERTS` adds to Node's, for the whole process)",
  ),
  bankPlainHttpHosts: withDefault(
    kinds.hosts,
    [],
    "the hosts that the engine may call over plain http. Passwords are then readable on the network, so name only hosts of your own network",
  ),
}

/** Of the bank's test environment. */
export const testing = {
  triggerUrl: withDefault(
    kinds.baseUrl,
    "https://cl-callback-test-util.integration.resurs.com/api/external_test_utils/v1/ext-test-utils/agent",
    "the URL of the bank's test utility, which `loan-engine trigger` calls; the bank has moved it before",
  ),
  triggerPath: withDefault(
    kinds.triggerPath,
    "/{action}/{applicationReference}",
    "the path of one call under that URL",
  ),
}
