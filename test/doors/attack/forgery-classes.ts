import { constants, createHash, createHmac, generateKeyPairSync, privateEncrypt, sign } from "node:crypto"
import type { KeyObject } from "node:crypto"

/** A signature that is bound to its message, and the key pair that made it. */
export interface Genuine {
  readonly jws: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

interface ForgeryClass {
  readonly name: string
  readonly forge: (genuine: Genuine) => ReadonlyArray<string>
}

interface Parts {
  readonly header: string
  readonly payload: string
  readonly signature: Buffer
  /** The signed bytes, as text. */
  readonly input: string
}

function partsOf({ jws }: Genuine): Parts {
  const [header = "", payload = "", signature = ""] = jws.split(".")
  return { header, payload, signature: Buffer.from(signature, "base64url"), input: `${header}.${payload}` }
}

const encoded = (value: unknown): string =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url")
const signedWith = (input: string, signature: Uint8Array): string =>
  `${input}.${Buffer.from(signature).toString("base64url")}`

/** Another header over the genuine payload, both signed with the right key. */
const reheadered = (genuine: Genuine, header: unknown): string => {
  const input = `${encoded(header)}.${partsOf(genuine).payload}`
  return signedWith(input, sign("sha256", Buffer.from(input), genuine.privateKey))
}
const header = { alg: "RS256", kid: "key-1" }

/** A signature's integer as this many bytes. */
const bytesOf = (value: bigint, length = 256): Buffer =>
  Buffer.from(value.toString(16).padStart(2 * length, "0"), "hex")
const integerOf = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString("hex")}`)
const modulusOf = ({ publicKey }: Genuine): bigint =>
  integerOf(Buffer.from(publicKey.export({ format: "jwk" }).n ?? "", "base64url"))

const sha256 = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01]
const sha512 = [...sha256.slice(0, -1), 0x03]
const der = (tag: number, content: ReadonlyArray<number>): ReadonlyArray<number> => [
  tag,
  content.length,
  ...content,
]
/** A length in BER's long form. DER forbids this form here. */
const longLength = (tag: number, content: ReadonlyArray<number>): ReadonlyArray<number> => [
  tag,
  0x81,
  content.length,
  ...content,
]
const nul = [0x05, 0x00]
const digestInfo = (
  digest: ReadonlyArray<number>,
  oid: ReadonlyArray<number> = sha256,
  parameters: ReadonlyArray<number> = nul,
): ReadonlyArray<number> =>
  der(0x30, [...der(0x30, [...der(0x06, oid), ...parameters]), ...der(0x04, digest)])

/** A block of PKCS #1: 00, its type, the padding, 00, the structure of the digest, and optional bytes after it. */
function block(
  info: ReadonlyArray<number>,
  { first = 0, type = 1, pad = 0xff, separator = 0, behind = 0 } = {},
): Buffer {
  const padding = Array.from({ length: 256 - 3 - info.length - behind }, () => pad)
  const rest = Array.from({ length: behind }, (_, index) => index)
  return Buffer.from([first, type, ...padding, separator, ...info, ...rest])
}
const raw = (genuine: Genuine, em: Buffer): string =>
  signedWith(
    partsOf(genuine).input,
    privateEncrypt({ key: genuine.privateKey, padding: constants.RSA_NO_PADDING }, em),
  )
const digestOf = (genuine: Genuine, algorithm = "sha256"): ReadonlyArray<number> => [
  ...createHash(algorithm).update(partsOf(genuine).input).digest(),
]

/** The genuine signature, made by this file's own padding. */
export const rebuilt = (genuine: Genuine): string => raw(genuine, block(digestInfo(digestOf(genuine))))

/**
 * The classes of forgeries in Wycheproof's test vectors, for JSON Web Signatures and for RSA signatures (PKCS #1
 * v1.5).
 */
export const forgeryClasses: ReadonlyArray<ForgeryClass> = [
  {
    name: "no algorithm, in every spelling",
    forge: (genuine) =>
      ["none", "None", "NONE", "nOnE", ""].flatMap((alg) => {
        const input = `${encoded({ ...header, alg })}.${partsOf(genuine).payload}`
        return [`${input}.`, signedWith(input, partsOf(genuine).signature)]
      }),
  },
  {
    name: "an HMAC keyed with the public key",
    forge: (genuine) =>
      (["pkcs1", "spki"] as const).flatMap((type) =>
        (["pem", "der"] as const).flatMap((format) =>
          (["HS256", "RS256"] as const).map((alg) => {
            const key =
              format === "pem"
                ? genuine.publicKey.export({ type, format: "pem" })
                : genuine.publicKey.export({ type, format: "der" })
            const input = `${encoded({ ...header, alg })}.${partsOf(genuine).payload}`
            return signedWith(input, createHmac("sha256", key).update(input).digest())
          }),
        ),
      ),
  },
  {
    name: "another algorithm than its header says, or than is allowed",
    forge: (genuine) => {
      const { input } = partsOf(genuine)
      const pss = { key: genuine.privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }
      return [
        signedWith(input, sign("sha256", Buffer.from(input), pss)),
        ...["sha1", "sha384", "sha512"].map((hash) =>
          signedWith(input, sign(hash, Buffer.from(input), genuine.privateKey)),
        ),
        ...["RS384", "RS512", "PS256", "ES256", "EdDSA", "rs256", "RS256 "].map((alg) =>
          reheadered(genuine, { ...header, alg }),
        ),
      ]
    },
  },
  {
    name: "a signature that is empty, cut or longer",
    forge: (genuine) => {
      const { input, signature } = partsOf(genuine)
      return [
        `${input}.`,
        input,
        ...[1, 8, 255].map((length) => signedWith(input, signature.subarray(0, length))),
        signedWith(input, signature.subarray(1)),
        signedWith(input, Buffer.concat([signature, Buffer.alloc(1)])),
        signedWith(input, Buffer.concat([Buffer.alloc(1), signature])),
        signedWith(input, Buffer.concat([signature, signature])),
      ]
    },
  },
  {
    name: "a signature that is a special number, or the right one plus the modulus",
    forge: (genuine) => {
      const { input, signature } = partsOf(genuine)
      const n = modulusOf(genuine)
      const numbers = [0n, 1n, 2n, n - 1n, n, n + 1n, (1n << 2048n) - 1n].map((value) => bytesOf(value))
      return [...numbers, bytesOf(integerOf(signature) + n, 257), Buffer.alloc(256, 0xff)].map((value) =>
        signedWith(input, value),
      )
    },
  },
  {
    name: "one bit changed, in each part",
    forge: (genuine) => {
      const { header: sent, payload, signature } = partsOf(genuine)
      const flipped = (bytes: Buffer, at: number): string => {
        const copy = Buffer.from(bytes)
        copy[at] = (copy[at] ?? 0) ^ 1
        return copy.toString("base64url")
      }
      const places = [0, 1, 10, 20]
      return places.flatMap((at) => [
        `${flipped(Buffer.from(sent, "base64url"), at)}.${payload}.${signature.toString("base64url")}`,
        `${sent}.${flipped(Buffer.from(payload, "base64url"), at)}.${signature.toString("base64url")}`,
        `${sent}.${payload}.${flipped(signature, at)}`,
      ])
    },
  },
  {
    name: "PKCS #1 padding that is not as it must be",
    forge: (genuine) => {
      const info = digestInfo(digestOf(genuine))
      return [
        { type: 0 },
        { type: 2 },
        { pad: 0 },
        { pad: 0xfe },
        { separator: 1 },
        { separator: 0xff },
        { behind: 1 },
        { behind: 100 },
        { behind: 256 - 3 - info.length },
        { behind: 256 - 3 - 8 - info.length },
      ].map((wrong) => raw(genuine, block(info, wrong)))
    },
  },
  {
    name: "a digest's structure in BER, without its NULL, of another hash, or with more in it",
    forge: (genuine) => {
      const digest = digestOf(genuine)
      const algorithm = der(0x30, [...der(0x06, sha256), ...nul])
      const octets = der(0x04, digest)
      return [
        digestInfo(digest, sha256, []),
        digestInfo(digest, sha256, [0x05, 0x81, 0x00]),
        digestInfo(digest, sha256, der(0x04, [1, 2, 3])),
        digestInfo(digest, sha512),
        digestInfo(digestOf(genuine, "sha512"), sha512),
        digestInfo(digestOf(genuine, "sha1"), [0x2b, 0x0e, 0x03, 0x02, 0x1a]),
        longLength(0x30, [...algorithm, ...octets]),
        der(0x30, [...longLength(0x30, [...der(0x06, sha256), ...nul]), ...octets]),
        der(0x30, [...algorithm, ...longLength(0x04, digest)]),
        der(0x30, [...algorithm, ...octets, ...nul]),
        der(0x31, [...algorithm, ...octets]),
        der(0x30, [...algorithm, ...der(0x03, digest)]),
        der(0x30, [...octets, ...algorithm]),
        digestInfo(digest.slice(0, -1)),
        digestInfo([...digest, 0]),
        digest,
        octets,
      ].map((info) => raw(genuine, block(info)))
    },
  },
  {
    name: "another key, of the same or another size, also one that the header brings along",
    forge: (genuine) =>
      [1_024, 2_048, 3_072].flatMap((modulusLength) => {
        const other = generateKeyPairSync("rsa", { modulusLength })
        const stranger = { ...genuine, privateKey: other.privateKey }
        const jwk = other.publicKey.export({ format: "jwk" })
        return [header, { ...header, jwk }, { alg: "RS256", jwk }, { alg: "RS256" }].map((sent) =>
          reheadered(stranger, sent),
        )
      }),
  },
  {
    name: "extensions that are critical, or change what is signed",
    forge: (genuine) =>
      [
        { crit: ["exp"], exp: 1 },
        { crit: ["unknown"] },
        { crit: [] },
        { crit: "b64" },
        { crit: null },
        { b64: false },
        { b64: false, crit: ["b64"] },
      ].map((extension) => reheadered(genuine, { ...header, ...extension })),
  },
  {
    name: "a header with a member twice, or that is no object",
    forge: (genuine) =>
      [
        '{"alg":"none","kid":"key-1","alg":"RS256"}',
        '{"alg":"RS256","kid":"key-1","alg":"RS256"}',
        '{"alg":"RS256","kid":"key-1","\\u0061lg":"RS256"}',
        '{"alg":"RS256","kid":"key-1","x":{"a":1,"a":2}}',
        '["RS256"]',
        '"RS256"',
        "",
        '{"alg":"RS256","kid":"key-1"',
        '{"alg":"RS256","kid":"key-1"} {}',
      ].map((text) => reheadered(genuine, text)),
  },
  {
    name: "a header whose members are of another type",
    forge: (genuine) =>
      [{ alg: ["RS256"] }, { alg: 256 }, { alg: null }, { alg: true }, { kid: 1 }, { kid: ["key-1"] }].map(
        (odd) => reheadered(genuine, { ...header, ...odd }),
      ),
  },
  {
    name: "other spellings of the same base64url, and other forms of a JWS",
    forge: (genuine) => {
      const { header: sent, payload, signature } = partsOf(genuine)
      const text = signature.toString("base64url")
      return [
        `${genuine.jws}=`,
        `${genuine.jws}==`,
        `${sent}=.${payload}.${text}`,
        `${sent}.${payload}==.${text}`,
        `${sent}.${payload}.${signature.toString("base64")}`,
        `${sent}.${payload}.${text.slice(0, 40)}\n${text.slice(40)}`,
        `${sent}.${payload}.${text.slice(0, 40)} ${text.slice(40)}`,
        `${sent} .${payload}.${text}`,
        `${sent}.${payload}.%${text}`,
        `${genuine.jws}.`,
        `${genuine.jws}.${text}`,
        `.${genuine.jws}`,
        `${sent}..${payload}.${text}`,
        `${sent}..${text}`,
        JSON.stringify({ protected: sent, payload, signature: text }),
        JSON.stringify({ payload, signatures: [{ protected: sent, signature: text }] }),
      ]
    },
  },
]
