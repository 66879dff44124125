import { generateKeyPairSync, sign } from "node:crypto"
import type { KeyObject } from "node:crypto"

/** A DER element: a tag, a length and the content. */
function der(tag: number, ...parts: ReadonlyArray<Uint8Array>): Buffer {
  const content = Buffer.concat(parts)
  const length = content.length < 0x80 ? [content.length] : [0x82, content.length >> 8, content.length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...length]), content])
}

const hex = (text: string): Buffer => Buffer.from(text, "hex")
const sequence = (...parts: ReadonlyArray<Uint8Array>): Buffer => der(0x30, ...parts)
/** sha256WithRSAEncryption. */
const algorithm = sequence(hex("06092a864886f70d01010b0500"))
/** A distinguished name with only a common name. */
const nameOf = (text: string): Buffer =>
  sequence(der(0x31, sequence(hex("0603550403"), der(0x0c, Buffer.from(text)))))
const time = (text: string): Buffer => der(0x18, Buffer.from(text))
/**
 * The extension "basic constraints" of a certificate authority. A host certificate has the extension "subject
 * alternative name" instead, with 127.0.0.1 or a host name.
 */
const authorityExtension = sequence(hex("0603551d13"), hex("0101ff"), der(0x04, hex("30030101ff")))
const hostExtension = (host: string): Buffer => {
  const entry = host === "127.0.0.1" ? der(0x87, hex("7f000001")) : der(0x82, Buffer.from(host))
  return sequence(hex("0603551d11"), der(0x04, sequence(entry)))
}

let serial = 1

/** An integer in four bytes, the first of which is 0x01. So it is positive, and DER needs all four bytes. */
const positive = (number: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(0x0100_0000 + number)
  return bytes
}

interface Wanted {
  readonly subject: string
  readonly issuer: string
  readonly extension: Buffer
  readonly notAfter?: string
  readonly publicKey: KeyObject
  readonly signedWith: KeyObject
}

function certificate({ subject, issuer, extension, notAfter, publicKey, signedWith }: Wanted): string {
  const content = sequence(
    der(0xa0, hex("020102")),
    der(0x02, positive(serial++)),
    algorithm,
    nameOf(issuer),
    sequence(time("20200101000000Z"), time(notAfter ?? "20991231000000Z")),
    nameOf(subject),
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(extension)),
  )
  const signature = der(0x03, Buffer.from([0]), sign("sha256", content, signedWith))
  const text = sequence(content, algorithm, signature).toString("base64")
  // An empty line before the end would not be valid PEM.
  const lines = text.match(/.{1,64}/gu) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`
}

const keys = () => generateKeyPairSync("rsa", { modulusLength: 2_048 })

/** A certificate authority for the tests. It signs certificates for hosts. */
export function makeAuthority() {
  const own = keys()
  const issuer = `authority ${serial}`
  return {
    certificate: certificate({
      subject: issuer,
      issuer,
      extension: authorityExtension,
      publicKey: own.publicKey,
      signedWith: own.privateKey,
    }),
    sign: (host: string, notAfter?: string) => {
      const { publicKey, privateKey } = keys()
      const extension = hostExtension(host)
      const more = notAfter === undefined ? {} : { notAfter }
      const cert = certificate({
        subject: host,
        issuer,
        extension,
        publicKey,
        signedWith: own.privateKey,
        ...more,
      })
      return { cert, key: privateKey.export({ type: "pkcs8", format: "pem" }) }
    },
  }
}
