import { createPublicKey } from "node:crypto"
import type { TestKey } from "../support.ts"

/** A DER element: a tag, a length and the content. */
function der(tag: number, ...parts: ReadonlyArray<Uint8Array>): Buffer {
  const content = Buffer.concat(parts)
  const length = content.length < 0x80 ? [content.length] : [0x82, content.length >> 8, content.length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...length]), content])
}

const sequence = (...parts: ReadonlyArray<Uint8Array>): Buffer => der(0x30, ...parts)
const time = (text: string): Buffer => der(0x17, Buffer.from(text))
/** sha256WithRSAEncryption. */
const algorithm = sequence(Buffer.from("06092a864886f70d01010b0500", "hex"))

/** A certificate of the key in base64, as `x5c` contains it. It is expired and has no valid signature. */
export function certificateOf({ publicJwk }: TestKey): string {
  const publicKey = createPublicKey({ key: publicJwk, format: "jwk" })
  const nobody = sequence()
  const content = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([1])),
    algorithm,
    nobody,
    sequence(time("000101000000Z"), time("010101000000Z")),
    nobody,
    publicKey.export({ type: "spki", format: "der" }),
  )
  return sequence(content, algorithm, der(0x03, Buffer.alloc(257))).toString("base64")
}
