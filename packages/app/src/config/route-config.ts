import { X509Certificate } from "node:crypto"
import { readFileSync } from "node:fs"
import type { BankRoute } from "@loan-engine/adapters-http/http/route"
import { Effect } from "effect"
import { ConfigUnusable } from "./config-unusable.ts"
import type { SettingsRead } from "./read-settings.ts"

/** Checks and reads the settings of the route to the bank. */
export const routeConfig = Effect.fnUntraced(function* ({
  engine,
  nameOf,
}: SettingsRead): Effect.fn.Return<BankRoute, ConfigUnusable> {
  const { bankProxyUrl: proxyUrl, bankNoProxy, bankCaFile, bankPlainHttpHosts } = engine
  const authorities = yield* authoritiesOf(nameOf("bankCaFile"), bankCaFile)
  return {
    authorities,
    proxyUrl,
    noProxy: bankNoProxy,
    plainHttpHosts: bankPlainHttpHosts.map((host) => host.toLowerCase()),
  }
})

/** The certificates in the file that a setting names. If it names no file, the list is empty. */
export const authoritiesOf = Effect.fnUntraced(function* (
  setting: string,
  file: string | undefined,
): Effect.fn.Return<ReadonlyArray<string>, ConfigUnusable> {
  const authorities = file === undefined ? [] : authoritiesIn(file)
  if (authorities !== undefined) return authorities
  return yield* new ConfigUnusable({
    message:
      `${setting} names the file ${file}, which cannot be read or holds no certificate: give one or more ` +
      "certificates in PEM, each beginning with -----BEGIN CERTIFICATE-----.",
  })
})

const pem = /-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----/gsu

/** Reads the certificates in a file. `undefined` if the file cannot be read, or contains no valid certificate. */
function authoritiesIn(path: string): ReadonlyArray<string> | undefined {
  try {
    const texts = readFileSync(path, "utf8").match(pem) ?? []
    return texts.length === 0 ? undefined : texts.map((text) => new X509Certificate(text).toString())
  } catch {
    return undefined
  }
}
