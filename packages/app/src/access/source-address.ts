import { BlockList, isIP } from "node:net"
import { Option } from "effect"
import type { HttpServerRequest } from "effect/http"

/** The header in which a proxy writes where a request came from. */
export const forwardingHeaders = ["x-forwarded-for", "forwarded"] as const
export type ForwardingHeader = (typeof forwardingHeaders)[number]

export interface ForwardingSettings {
  /** The addresses of our own proxies, each as `10.0.0.7`, `10.0.0.0/8` or `fd00::/8`. */
  readonly trustedProxies: ReadonlyArray<string>
  /** The only header that is read. A proxy writes one header, and passes the other on as the sender wrote it. */
  readonly forwardedHeader: ForwardingHeader
}

export const forwardingDefault: ForwardingSettings = {
  trustedProxies: [],
  forwardedHeader: "x-forwarded-for",
}

/** How many proxies one request may have passed through. */
const hopsMax = 32

type SourceOf = (request: HttpServerRequest.HttpServerRequest) => string

/**
 * Finds the address that a request came from. If the connection does not come from a trusted proxy, its own address
 * is the result. Otherwise the result is the last address in the header that is no trusted proxy. The sender may have
 * invented every address before that.
 */
export function makeSourceOf({ trustedProxies, forwardedHeader }: ForwardingSettings): SourceOf {
  const trusted = trustedAddresses(trustedProxies)
  return (request) => {
    let source = plainAddress(Option.getOrElse(request.remoteAddress, () => "unknown"))
    if (trustedProxies.length === 0) return source
    for (const hop of hopsIn(forwardedHeader, request.headers[forwardedHeader]).toReversed()) {
      const address = addressOf(hop)
      if (!trusted(source) || address === undefined) return source
      source = address
    }
    return source
  }
}

/** Whether a text is an address, or a network such as `10.0.0.0/8`. */
export function isNetwork(text: string): boolean {
  const [address = "", bits, ...more] = text.split("/")
  const family = isIP(address)
  if (family === 0 || more.length > 0) return false
  return bits === undefined || (/^\d{1,3}$/u.test(bits) && Number(bits) <= (family === 4 ? 32 : 128))
}

function trustedAddresses(networks: ReadonlyArray<string>): (address: string) => boolean {
  const list = new BlockList()
  for (const network of networks) {
    const [address = "", bits] = network.split("/")
    if (bits === undefined) list.addAddress(address, familyOf(address))
    else list.addSubnet(address, Number(bits), familyOf(address))
  }
  return (address) => isIP(address) !== 0 && list.check(address, familyOf(address))
}

const familyOf = (address: string): "ipv4" | "ipv6" => (isIP(address) === 6 ? "ipv6" : "ipv4")

function hopsIn(header: ForwardingHeader, text: string | undefined): ReadonlyArray<string> {
  const entries = (text ?? "").split(",").slice(-hopsMax)
  if (header === "x-forwarded-for") return text === undefined ? [] : entries
  return text === undefined
    ? []
    : entries.map((entry) => /(?:^|;)\s*for=("?)([^";]*)\1/iu.exec(entry)?.[2] ?? "")
}

/**
 * The address in one entry of the header. The entry may have a port: `10.0.0.7:4711`, `[fd00::7]:4711`. `undefined`
 * if it contains no address.
 */
function addressOf(hop: string): string | undefined {
  const text = hop.trim()
  const [, bracketed, plain] = /^\[([\da-f:.]+)\](?::\d+)?$|^(\d+(?:\.\d+){3})(?::\d+)?$/iu.exec(text) ?? []
  const address = plainAddress(bracketed ?? plain ?? text)
  return isIP(address) === 0 ? undefined : address
}

/** Shortens `::ffff:10.0.0.7` to `10.0.0.7`. A listener for IPv6 shows IPv4 addresses in the long form. */
const plainAddress = (address: string): string => address.replace(/^::ffff:(?=\d+(?:\.\d+){3}$)/iu, "")
