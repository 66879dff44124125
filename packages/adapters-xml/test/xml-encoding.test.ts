import { describe, expect, it } from "vitest"
import { parseXml } from "../src/xml/parser.ts"
import { failure, latin1, utf16, utf8, value } from "./bytes.ts"

const bom = "\uFEFF"
const declared = (encoding: string, text = "å€") =>
  `<?xml version="1.0" encoding="${encoding}"?><a>${text}</a>`
const text = (bytes: Uint8Array, contentType?: string) =>
  value(parseXml(bytes, contentType === undefined ? {} : { contentType })).text
const refused = (bytes: Uint8Array, contentType?: string) =>
  failure(parseXml(bytes, contentType === undefined ? {} : { contentType })).reason

type Case = readonly [what: string, bytes: Uint8Array, contentType?: string]
const named = ([what, bytes, contentType]: Case) => ({ what, bytes, contentType })

describe("the encoding of a document", () => {
  const accepted: ReadonlyArray<Case> = [
    ["UTF-8 unless told otherwise", utf8("<a>å€</a>")],
    ["UTF-8 with a byte order mark", utf8(`${bom}<a>å€</a>`)],
    ["UTF-8 as declared", utf8(declared("UTF-8"))],
    ["UTF-16LE by its mark", utf16(`${bom}<a>å€</a>`, "le")],
    ["UTF-16BE by its mark", utf16(`${bom}<a>å€</a>`, "be")],
    ["UTF-16LE by mark and declaration", utf16(bom + declared("UTF-16"), "le")],
    ["UTF-16BE without a mark", utf16(declared("UTF-16BE"), "be")],
    ["UTF-16LE without mark and declaration", utf16("<a>å€</a>", "le")],
    ["UTF-16LE by its charset", utf16(" <a>å€</a>", "le"), "text/xml; charset=UTF-16LE"],
    ["UTF-16 by its charset, the order by its bytes", utf16("<a>å€</a>", "le"), "text/xml;charset=utf-16"],
    ["UTF-16 by its charset, big-endian in doubt", utf16(" <a>å€</a>", "be"), "text/xml;charset=utf-16"],
    ["UTF-16 by a charset in wrong quotes", utf16(" <a>å€</a>", "be"), "text/xml; charset='utf-16be'"],
    ["the mark before the charset", utf16(`${bom}<a>å€</a>`, "be"), "text/xml; charset=utf-8"],
    ["the charset before the declaration", utf8(declared("ISO-8859-1")), 'text/xml; x=y; Charset="UTF-8"; z'],
    ["UTF-8 where ASCII is declared", utf8(declared("us-ascii"))],
    ["UTF-8 that declares UTF-16, as some writers leave it", utf8(declared("UTF-16"))],
    ["UTF-8 whose charset is UTF-16", utf8("<a>å€</a>"), "text/xml; charset=utf-16"],
    ["UTF-8 whose charset is UTF-16LE", utf8("<a>å€</a> "), "text/xml; charset=utf-16le"],
    ["UTF-16LE whose charset is UTF-16BE", utf16("<a>å€</a>", "le"), "text/xml; charset=utf-16be"],
    ["UTF-8 where the charset is empty", utf8("<a>å€</a>"), "text/xml; charset="],
    ["UTF-8 where the charset is none", utf8("<a>å€</a>"), "text/xml; charset=none"],
    ["UTF-8 where the charset is blank", utf8("<a>å€</a>"), 'text/xml; charset=" "'],
    ["UTF-8 before NULs and a line end", utf8("<a>å€</a>\0\0\r\n")],
    ["UTF-8 by its mark, against its declaration", utf8(bom + declared("ISO-8859-1"))],
    ["UTF-16 by its mark, against its declaration", utf16(bom + declared("UTF-8"), "le")],
    ["UTF-16LE by its mark, against its declaration", utf16(bom + declared("UTF-16BE"), "le")],
    ["the charset behind blank lines", utf8(`\r\n\n${declared("UTF-8")}`)],
    ["a mark behind blank lines", utf8(`\n${bom}${declared("UTF-8")}`)],
    ["UTF-16 behind blank lines", utf16(`\r\n${declared("UTF-16")}`, "be")],
    ["UTF-8 before trailing NULs", utf8(`${declared("UTF-8")}\0\0`)],
    ["windows-1252 as declared", Uint8Array.of(...latin1(declared("windows-1252", "å\u0080")))],
    ["windows-1252 by charset", Uint8Array.of(...latin1("<a>å\u0080</a>")), "text/xml; charset=windows-1252"],
    [
      "windows-1252 as declared, where the charset cannot be true",
      latin1(declared("cp1252", "å\u0080")),
      "text/xml; charset=utf-8",
    ],
    ["ISO-8859-15 as declared", latin1(declared("ISO-8859-15", "å\u00A4"))],
  ]
  it.each(accepted.map(named))("is $what", ({ bytes, contentType }) => {
    expect(text(bytes, contentType)).toBe("å€")
  })

  it("is windows-1252 by the labels of ISO-8859-1, as the Encoding Standard says", () => {
    expect(text(latin1(declared("ISO-8859-1", "å\u0080ÿ")))).toBe("å€ÿ")
    expect(text(latin1("<a>å\u0080ÿ</a>"), "application/soap+xml; charset=iso-8859-1")).toBe("å€ÿ")
    expect(text(latin1(declared("latin1", "å".repeat(20_000))))).toBe("å".repeat(20_000))
  })

  const labels =
    "ISO_8859-1 iso8859-1 latin-1 Latin_1 l1 cp1252 CP819 8859_1 ISO8859_15 x-cp1252 csISOLatin1 iso-ir-100 ISO-8859-15 ISO_8859-15 latin-9 l9"
  it.each(labels.split(" "))("is known by the label %s", (label) => {
    expect(text(latin1(declared(label, "åÿ")))).toBe("åÿ")
    expect(text(latin1("<a>åÿ</a>"), `text/xml; charset="${label}"`)).toBe("åÿ")
  })

  it.each(["ascii", "us-ascii", "utf8", "UTF_8", "unicode-1-1-utf-8"])(
    "is UTF-8 by the label %s",
    (label) => {
      expect(text(utf8("<a>å€</a>"), `text/xml; charset=${label}`)).toBe("å€")
    },
  )

  it("comes from the charset alone, not from the content of another parameter", () => {
    expect(text(utf8("<a>å€</a>"), 'text/xml; action="x; charset=latin1"')).toBe("å€")
    expect(text(latin1("<a>å</a>"), 'text/xml; action="x;\\"charset=utf-8"; charset=latin1')).toBe("å")
  })

  it("is ASCII as declared", () => {
    expect(text(utf8(declared("US-ASCII", "abc")))).toBe("abc")
  })

  const refusals: ReadonlyArray<Case> = [
    ["bytes that are no UTF-8", latin1("<a>å</a>")],
    ["overlong UTF-8", Uint8Array.of(0x3c, 0x61, 0x3e, 0xc0, 0xbc, 0x2f, 0x61, 0x3e)],
    ["a surrogate in UTF-8", Uint8Array.of(0x3c, 0x61, 0x3e, 0xed, 0xa0, 0x80)],
    ["half a character of UTF-16", utf16(`${bom}<a/>`, "le").subarray(0, 9)],
    ["a lone surrogate in UTF-16", utf16(`${bom}<a>\uD800</a>`, "be")],
    ["UTF-32LE", Uint8Array.of(0xff, 0xfe, 0, 0, 0x3c, 0, 0, 0)],
    ["UTF-32BE", Uint8Array.of(0, 0, 0xfe, 0xff, 0, 0, 0, 0x3c)],
    ["an encoding nobody needs", utf8(declared("UTF-7", "+ADw-"))],
    ["a charset nobody needs", utf8("<a/>"), "text/xml; charset=ebcdic-cp-us"],
    [
      "a declaration longer than any",
      utf8(declared("ISO-8859-1").replace(" encoding", `${" ".repeat(1_100)}encoding`)),
    ],
  ]
  it.each(refusals.map(named))("is not $what", ({ bytes, contentType }) => {
    expect(refused(bytes, contentType)).toBe("encoding")
  })

  it("hides no doctype", () => {
    const document = "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>"
    expect(refused(utf16(bom + document, "le"))).toBe("doctype")
    expect(refused(utf16(document, "be"))).toBe("doctype")
    expect(refused(latin1(document), "text/xml; charset=latin1")).toBe("doctype")
  })
})
