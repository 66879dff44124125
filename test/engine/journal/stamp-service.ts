import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { once } from "node:events"
import { buffer } from "node:stream/consumers"
import { webcrypto } from "node:crypto"
import * as asn1 from "asn1js"
import * as pki from "pkijs"
import { onTestFinished } from "vitest"

const commonName = "2.5.4.3"
const tstInfo = "1.2.840.113549.1.9.16.1.4"
const messageDigest = "1.2.840.113549.1.9.4"
const contentType = "1.2.840.113549.1.9.3"
const signingCertificate = "1.2.840.113549.1.9.16.2.47"

/** A time-stamp service by RFC 3161, with a key and a certificate of its own. */
export async function makeStamper(name: string) {
  const algorithm = { name: "ECDSA", namedCurve: "P-256" }
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"])
  const certificate = new pki.Certificate()
  certificate.version = 2
  certificate.serialNumber = new asn1.Integer({ value: 1 })
  const named = new pki.AttributeTypeAndValue({
    type: commonName,
    value: new asn1.Utf8String({ value: name }),
  })
  certificate.subject.typesAndValues.push(named)
  certificate.issuer.typesAndValues.push(named)
  certificate.notBefore.value = new Date("2020-01-01")
  certificate.notAfter.value = new Date("2049-01-01")
  await certificate.subjectPublicKeyInfo.importKey(keys.publicKey)
  await certificate.sign(keys.privateKey, "SHA-256")
  const digestOf = (bytes: ArrayBuffer) => webcrypto.subtle.digest("SHA-256", bytes)

  /** The answer to a request, with the given time. */
  return async (request: Uint8Array, at: Date): Promise<Buffer> => {
    const { messageImprint } = pki.TimeStampReq.fromBER(request)
    const info = new pki.TSTInfo({
      version: 1,
      policy: "1.2.3.4",
      messageImprint,
      serialNumber: new asn1.Integer({ value: 7 }),
      genTime: at,
    })
    const content = info.toSchema().toBER()
    const attribute = (type: string, value: object) => new pki.Attribute({ type, values: [value] })
    const certificateDigest = await digestOf(certificate.toSchema(true).toBER())
    const named = new asn1.Sequence({
      value: [
        new asn1.Sequence({
          value: [new asn1.Sequence({ value: [new asn1.OctetString({ valueHex: certificateDigest })] })],
        }),
      ],
    })
    const signed = new pki.SignedData({
      version: 3,
      encapContentInfo: new pki.EncapsulatedContentInfo({
        eContentType: tstInfo,
        eContent: new asn1.OctetString({ valueHex: content }),
      }),
      signerInfos: [
        new pki.SignerInfo({
          version: 1,
          sid: new pki.IssuerAndSerialNumber({
            issuer: certificate.issuer,
            serialNumber: certificate.serialNumber,
          }),
          signedAttrs: new pki.SignedAndUnsignedAttributes({
            type: 0,
            attributes: [
              attribute(contentType, new asn1.ObjectIdentifier({ value: tstInfo })),
              attribute(messageDigest, new asn1.OctetString({ valueHex: await digestOf(content) })),
              attribute(signingCertificate, named),
            ],
          }),
        }),
      ],
      certificates: [certificate],
    })
    await signed.sign(keys.privateKey, 0, "SHA-256")
    const token = new pki.ContentInfo({
      contentType: pki.id_ContentType_SignedData,
      content: signed.toSchema(true),
    })
    const answer = new pki.TimeStampResp({
      status: new pki.PKIStatusInfo({ status: pki.PKIStatus.granted }),
      timeStampToken: token,
    })
    return Buffer.from(answer.toSchema().toBER())
  }
}

/** Serves a time-stamp service on loopback. `answer` may replace its answer. */
export async function startStamper(answer: (stamp: Buffer) => Buffer | number = (stamp) => stamp) {
  const stamp = await makeStamper("Test time-stamp service")
  const types: Array<string | undefined> = []
  const server = createServer((request, response) => {
    types.push(request.headers["content-type"])
    void buffer(request).then(async (body) => {
      const told = answer(await stamp(body, new Date("2026-11-30T10:00:00Z")))
      if (typeof told === "number") response.writeHead(told).end()
      else response.writeHead(200, { "content-type": "application/timestamp-reply" }).end(told)
    })
  }).listen(0, "127.0.0.1")
  await once(server, "listening")
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, types }
}
