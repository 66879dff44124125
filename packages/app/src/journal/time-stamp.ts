import { hash } from "node:crypto"
import { Effect } from "effect"
import type { Attribute } from "pkijs"
import type { Anchor } from "./anchor.ts"

// Time stamps by RFC 3161: a service that others trust signs the digest of an anchor and the time. So it can be shown
// later that the journal had this content at that time, even if somebody has rewritten the store and its anchors.

/** What a time stamp says: when the service saw the anchor, and which certificate signed it. */
export interface TimeStamp {
  readonly at: Date
  /** The name in the certificate. Anyone can make a certificate with any name. */
  readonly name: string
  /** SHA-256 of the certificate, in hex. */
  readonly certificate: string
}

/** The text that is stamped. `verify --anchor` takes an anchor in the same form. */
export const stampedText = ({ number, hash: checkpointHash }: Anchor): string => `${number}:${checkpointHash}`

// These libraries are only loaded for a journal that has time stamps.
const libraries = Effect.promise(async () => ({ pki: await import("pkijs"), asn1: await import("asn1js") }))

const sha256 = "2.16.840.1.101.3.4.2.1"
const commonName = "2.5.4.3"
const statusesGranted: ReadonlySet<number> = new Set([0, 1])

/** The signed attributes that name the signer's certificate, by RFC 5816 and by RFC 2634. */
const certificateAttributes: ReadonlySet<string> = new Set([
  "1.2.840.113549.1.9.16.2.47",
  "1.2.840.113549.1.9.16.2.12",
])

/** Whether a signed attribute contains the certificate's digest. Otherwise another certificate could be put in its place. */
const namesCertificate = ({ type, values }: Attribute, certificate: Uint8Array): boolean =>
  certificateAttributes.has(type) &&
  values.some((value: { readonly toBER: () => ArrayBuffer }) =>
    ["sha256", "sha384", "sha512", "sha1"].some((algorithm) =>
      Buffer.from(value.toBER()).includes(hash(algorithm, certificate, "buffer")),
    ),
  )

/** The request for a time stamp (`TimeStampReq`). The service must include its certificate in the answer. */
export const stampRequest = Effect.fnUntraced(function* (anchor: Anchor) {
  const { pki, asn1 } = yield* libraries
  const digest = new Uint8Array(hash("sha256", stampedText(anchor), "buffer"))
  const request = new pki.TimeStampReq({
    version: 1,
    messageImprint: new pki.MessageImprint({
      hashAlgorithm: new pki.AlgorithmIdentifier({ algorithmId: sha256, algorithmParams: new asn1.Null() }),
      hashedMessage: new asn1.OctetString({ valueHex: digest }),
    }),
    certReq: true,
  })
  return new Uint8Array(request.toSchema().toBER())
})

/**
 * Reads a service's answer (`TimeStampResp`). The result is `undefined` unless the stamp is about this anchor, and the
 * certificate in it has made its signature. Whether the certificate can be trusted is not checked.
 */
export const readStamp = Effect.fnUntraced(function* (anchor: Anchor, answer: Uint8Array) {
  const { pki } = yield* libraries
  const read = async (): Promise<TimeStamp | undefined> => {
    const { status, timeStampToken } = pki.TimeStampResp.fromBER(answer)
    if (!statusesGranted.has(status.status) || timeStampToken === undefined) return undefined
    const signed = new pki.SignedData({ schema: timeStampToken.content })
    const content = signed.encapContentInfo.eContent?.getValue()
    if (content === undefined) return undefined
    const data = new TextEncoder().encode(stampedText(anchor)).buffer
    const judged = await signed.verify({ signer: 0, data, checkChain: false, extendedMode: true })
    const signer = judged.signerCertificate
    if (judged.signatureVerified !== true || signer === null || signer === undefined) return undefined
    const certificate = new Uint8Array(signer.toSchema(true).toBER())
    const attributes = signed.signerInfos[0]?.signedAttrs?.attributes ?? []
    if (!attributes.some((attribute) => namesCertificate(attribute, certificate))) return undefined
    const named = signer.subject.typesAndValues.find(({ type }) => type === commonName)
    return {
      at: pki.TSTInfo.fromBER(content).genTime,
      name: named?.value.valueBlock.value ?? "",
      certificate: hash("sha256", certificate),
    }
  }
  // The library throws for anything that is no time stamp, or not a genuine one.
  return yield* Effect.orElseSucceed(Effect.tryPromise(read), () => undefined)
})
