import { describe, expect, it } from "vitest"
import { multipartPartsMax } from "../src/multipart-related.ts"
import { getApplicationStatusResponse } from "../src/get-application-status.ts"
import { parseXml } from "../src/xml-parser.ts"
import { failure, latin1, utf8, value } from "./bytes.ts"

const status = "<getApplicationStatusResponse><paidOut>true</paidOut></getApplicationStatusResponse>"
const contentType = 'Multipart/Related; type="application/xop+xml"; start="<root>"; boundary="--=_b"'
const part = (headers: ReadonlyArray<string>, body: string, lineEnd = "\r\n") =>
  ["----=_b", ...headers, "", body, ""].join(lineEnd)
const root = ["Content-Type: application/xop+xml; charset=UTF-8", "Content-ID: <root>"]
const close = "----=_b--\r\n"
const paidOut = (text: string, type = contentType) =>
  value(getApplicationStatusResponse.decode(utf8(text), { contentType: type })).paidOut

describe("a multipart/related answer", () => {
  it.each([
    ["with one part", part(root, status) + close],
    ["with bare line feeds", part(root, status, "\n") + close],
    ["with a preamble and an epilogue", `preamble\r\n${part(root, status)}${close}epilogue`],
    ["whose root comes second", part(["Content-ID: <a>"], "%PDF") + part(root, status) + close],
    [
      "whose headers fold",
      part(["Content-Type: text/xml;\r\n charset=utf-8", root[1] ?? ""], status) + close,
    ],
    ["without its last boundary", part(root, status)],
    ["in base64", part([...root, "Content-Transfer-Encoding: BASE64"], btoa(status)) + close],
    [
      "in quoted-printable",
      part([...root, "Content-Transfer-Encoding: quoted-printable"], status.replace("true", "tr=\r\n=75e")) +
        close,
    ],
  ])("%s is read", (_what, text) => {
    expect(paidOut(text)).toBe(true)
  })

  it("without a start begins with its first part", () => {
    const type = "multipart/related; boundary=--=_b"
    expect(paidOut(part(["Content-ID: <a>"], status) + part(root, "<b/>") + close, type)).toBe(true)
  })

  it("is decoded by the charset of its part", () => {
    const headers = ["Content-Type: text/xml; charset=windows-1252", "Content-ID: <root>"]
    const bytes = latin1(part(headers, "<a>å\u0080</a>") + close)
    expect(value(parseXml(bytes, { contentType })).text).toBe("å€")
  })

  it.each([
    ["without a boundary", part(root, status) + close, "multipart/related", "malformed"],
    ["without parts", "nothing", contentType, "malformed"],
    ["whose part has no end of headers", "----=_b\r\nContent-ID: <root>", contentType, "malformed"],
    [
      "in a transfer encoding nobody knows",
      part([...root, "Content-Transfer-Encoding: zip"], status),
      contentType,
      "encoding",
    ],
    ["in broken base64", part([...root, "Content-Transfer-Encoding: base64"], "*"), contentType, "encoding"],
    ["of too many parts", part(root, status).repeat(multipartPartsMax + 1), contentType, "malformed"],
    ["with a doctype in its root", part(root, `<!DOCTYPE a>${status}`), contentType, "doctype"],
  ])("%s is refused", (_what, text, type, reason) => {
    const decoded = getApplicationStatusResponse.decode(utf8(text), { contentType: type })
    expect(failure(decoded)).toMatchObject({ _tag: "XmlError", reason })
  })

  it("without a start has its first part for the root, though a later one lacks a Content-ID", () => {
    const other = "<getApplicationStatusResponse><paidOut>false</paidOut></getApplicationStatusResponse>"
    const paidOut = other.replace("false", "true")
    const bytes = utf8(part(root, paidOut) + part(["Content-Type: text/xml"], other) + close)
    const decoded = getApplicationStatusResponse.decode(bytes, {
      contentType: 'multipart/related; boundary="--=_b"',
    })
    expect(value(decoded)).toMatchObject({ paidOut: true })
  })

  it("counts against the limit of bytes as a whole", () => {
    const bytes = utf8(part(["Content-ID: <a>"], "x".repeat(2_000)) + part(root, status))
    const decoded = getApplicationStatusResponse.decode(bytes, {
      contentType,
      limits: { xmlBytesMax: 1_000 },
    })
    expect(failure(decoded)).toMatchObject({ reason: "too-large" })
  })
})
