import { kinds } from "../kinds.ts"
import { optional, withDefault } from "../setting.ts"

const { text } = kinds

export const route = {
  bankProxyUrl: optional(
    kinds.proxy,
    "the proxy for https requests to the bank, its keys and its test utility. Requests to loopback addresses bypass the proxy",
    "the variable `HTTPS_PROXY` or `https_proxy`. If neither is set: `ALL_PROXY`, which must then be an http or https URL",
  ),
  bankNoProxy: {
    ...withDefault(
      kinds.spacedTexts,
      [],
      "the hosts that bypass `bankProxyUrl`. `bank.internal` is one host, `.internal` is all hosts below it, and `*` is every host",
    ),
    defaultShown: "`NO_PROXY` or `no_proxy`",
  },
  bankCaFile: optional(
    text,
    "a PEM file of certificate authorities that the engine trusts for the bank, in addition to Node's. To add authorities for the whole process, use `NODE_EXTRA_CA_CERTS`",
  ),
  bankPlainHttpHosts: withDefault(
    kinds.hosts,
    [],
    "the hosts that the engine may call over plain http. Everybody on the network can then read the passwords, so name only hosts of your own network",
  ),
}

/** Of the bank's test environment. */
export const testing = {
  triggerUrl: withDefault(
    kinds.baseUrl,
    "https://cl-callback-test-util.integration.resurs.com/api/external_test_utils/v1/ext-test-utils/agent",
    "the URL of the bank's test utility, which `loan-engine trigger` calls. The bank has moved it before",
  ),
  triggerPath: withDefault(
    kinds.triggerPath,
    "/{action}/{applicationReference}",
    "the path of one call below `triggerUrl`",
  ),
}
