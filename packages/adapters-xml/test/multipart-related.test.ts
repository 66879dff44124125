import { describe, expect, it } from "vitest"
import { multipartPartsMax } from "../src/xml/multipart-related.ts"
import { getApplicationStatusResponse } from "../src/get-application-status.ts"
import { parseXml } from "../src/xml/parser.ts"
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
    ["in 8bit, in quotes", part([...root, 'Content-Transfer-Encoding: "8bit"'], status) + close],
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

  const second = part(["Content-ID: <a>"], "<b/>") + part(root, status) + close
  it.each([
    ["without angle brackets", 'multipart/related; start=root; boundary="--=_b"'],
    ["in quotes without angle brackets", 'multipart/related; start="root"; boundary="--=_b"'],
    [
      "behind a boundary in another parameter",
      'multipart/related; x="a; boundary=c"; boundary="--=_b"; start="<root>"',
    ],
    [
      "behind a quote in another parameter",
      'multipart/related; x="a\\"; boundary=c"; boundary="--=_b"; start="<root>"',
    ],
    ["as a link", 'multipart/related; start="cid:root"; boundary="--=_b"'],
    ["with blanks around its signs", 'multipart/related ; start = "<root>" ; boundary = "--=_b"'],
  ])("finds the root that a start %s names", (_what, type) => {
    expect(paidOut(second, type)).toBe(true)
  })

  it("finds the root whose own Content-ID has no angle brackets", () => {
    expect(paidOut(second.replace("Content-ID: <root>", "Content-ID: root"))).toBe(true)
  })

  it("does not end a part at the longer boundary of another message within it", () => {
    const inner = status.replace("<paidOut>", "<x>\r\n----=_b2\r\n----=_b2--\r\n</x><paidOut>")
    expect(paidOut(part(root, inner) + close)).toBe(true)
  })

  it("ignores blanks after its boundary", () => {
    expect(paidOut((part(root, status) + close).replace("----=_b\r", "----=_b \t\r"))).toBe(true)
  })

  it("without a start begins with its first part", () => {
    const type = "multipart/related; boundary=--=_b"
    expect(paidOut(part(["Content-ID: <a>"], status) + part(root, "<b/>") + close, type)).toBe(true)
  })

  it("without a start passes over an attachment that comes first", () => {
    const type = "multipart/related; boundary=--=_b"
    const attachment = part(["Content-Type: application/pdf", "Content-ID: <a>"], "%PDF")
    expect(paidOut(attachment + part(root, status) + close, type)).toBe(true)
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

  it("without a start has its first part as the root, even if a later part lacks a Content-ID", () => {
    const other = "<getApplicationStatusResponse><paidOut>false</paidOut></getApplicationStatusResponse>"
    const paidOut = other.replace("false", "true")
    const bytes = utf8(part(root, paidOut) + part(["Content-Type: text/xml"], other) + close)
    const decoded = getApplicationStatusResponse.decode(bytes, {
      contentType: 'multipart/related; boundary="--=_b"',
    })
    expect(value(decoded)).toMatchObject({ paidOut: true })
  })

  it("counts as a whole against the limit of bytes", () => {
    const bytes = utf8(part(["Content-ID: <a>"], "x".repeat(2_000)) + part(root, status))
    const decoded = getApplicationStatusResponse.decode(bytes, {
      contentType,
      limits: { xmlBytesMax: 1_000 },
    })
    expect(failure(decoded)).toMatchObject({ reason: "too-large" })
  })
})
