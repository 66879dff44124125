import { isXmlText, ncName, qName } from "./characters.ts"
import { xmlDeclaration } from "./encoding.ts"
import { refuse, type XmlErrorReason } from "./error.ts"
import type { XmlLimits } from "./limits.ts"
import { decodeReferences } from "./references.ts"

// This scan accepts exactly the well-formed documents, in one forward pass. It passes only tags, text and CDATA to
// the library.
//
// The library's own validator is not enough. It accepts unclosed processing instructions, `--` in comments, unknown
// entities, `<` in attributes, `]]>` in text, text after an empty root, and characters that XML forbids. It also has
// no limits. The library's parser pairs quotation marks inside processing instructions, and ignores the names of end
// tags.

const space = "[ \\t\\r\\n]"
const startTag = new RegExp(`<(${qName})`, "uy")
const attributeStart = new RegExp(`${space}+(${qName})${space}*=${space}*(["'])`, "uy")
const tagEnd = new RegExp(`${space}*(/?)>`, "y")
const endTag = new RegExp(`</(${qName})${space}*>`, "uy")
const instructionTarget = new RegExp(`<\\?(${ncName})(?=${space}|\\?>)`, "uy")
const onlySpace = /^[ \t\r\n]*$/
const doctype = /<!(?:doctype|entity|element|attlist|notation)/iy

/** fast-xml-parser throws at these names, because it uses names as property names. */
const reservedNames: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"])

/** A well-formed document without its declaration, comments and processing instructions. */
export interface WellFormed {
  readonly text: string
  /** How many elements the document has. This is compared with the library's tree. */
  readonly elements: number
}

class Scan {
  readonly text: string
  readonly limits: XmlLimits
  readonly open: Array<string> = []
  readonly kept: Array<string> = []
  position = 0
  keptFrom = 0
  nodes = 0
  elements = 0

  constructor(text: string, limits: XmlLimits) {
    this.text = text
    this.limits = limits
  }

  fail(reason: XmlErrorReason, message: string): never {
    return refuse(reason, this.open.join("/"), `${message} (offset ${this.position})`)
  }

  match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.position
    return pattern.exec(this.text) ?? undefined
  }

  starts(markup: string): boolean {
    return this.text.startsWith(markup, this.position)
  }

  /** The text from an offset to the next `end`. The position moves behind that end. */
  upTo(end: string, from: number, what: string): string {
    const at = this.text.indexOf(end, from)
    if (at === -1) return this.fail("malformed", `expected ${end} at the end of ${what}`)
    this.position = at + end.length
    return this.text.slice(from, at)
  }

  count(): void {
    this.nodes += 1
    if (this.nodes > this.limits.xmlNodesMax) {
      this.fail("too-many-nodes", `expected at most ${this.limits.xmlNodesMax} nodes`)
    }
  }

  /** Removes the text from an offset to the position. The library does not get it. */
  drop(from: number): void {
    this.kept.push(this.text.slice(this.keptFrom, from))
    this.keptFrom = this.position
  }

  checkName(name: string): void {
    if (name.length > this.limits.xmlNameLengthMax) {
      this.fail("name-too-long", `expected names of at most ${this.limits.xmlNameLengthMax} characters`)
    }
    if (reservedNames.has(name)) this.fail("invalid-name", `expected no element or attribute named ${name}`)
  }

  references(text: string): void {
    if (!text.includes("&") || decodeReferences(text) !== undefined) return
    this.fail(
      "invalid-reference",
      "expected &amp; &lt; &gt; &apos; &quot; or a reference to a legal character",
    )
  }

  declaration(): void {
    const match = xmlDeclaration.exec(this.text)
    if (match === null) return
    this.position = match[0].length
    this.drop(0)
  }

  characters(): void {
    const next = this.text.indexOf("<", this.position)
    const end = next === -1 ? this.text.length : next
    const text = this.text.slice(this.position, end)
    if (this.open.length === 0) {
      if (!onlySpace.test(text)) this.fail("malformed", "expected no text outside the root element")
    } else {
      this.count()
      if (text.includes("]]>")) this.fail("malformed", "expected no ]]> in text")
      this.references(text)
    }
    this.position = end
  }

  comment(): void {
    const from = this.position
    this.count()
    const text = this.upTo("-->", from + 4, "a comment")
    if (text.includes("--") || text.endsWith("-")) this.fail("malformed", "expected no -- within a comment")
    this.drop(from)
  }

  cdata(): void {
    if (this.open.length === 0) this.fail("malformed", "expected no CDATA outside the root element")
    this.count()
    this.upTo("]]>", this.position + 9, "a CDATA section")
  }

  instruction(): void {
    const from = this.position
    this.count()
    const target = this.match(instructionTarget)?.[1]
    if (target === undefined) return this.fail("malformed", "expected a processing instruction's name")
    this.checkName(target)
    if (target.toLowerCase() === "xml") {
      this.fail("malformed", "expected a valid XML declaration, at the document's very start")
    }
    this.upTo("?>", from + 2 + target.length, "a processing instruction")
    this.drop(from)
  }

  attributes(): void {
    const seen = new Set<string>()
    for (let match = this.match(attributeStart); match !== undefined; match = this.match(attributeStart)) {
      const [whole, name = "", quote = ""] = match
      this.checkName(name)
      if (seen.has(name)) this.fail("duplicate-attribute", "expected each attribute once")
      seen.add(name)
      if (seen.size > this.limits.xmlAttributesMax) {
        this.fail("too-many-attributes", `expected at most ${this.limits.xmlAttributesMax} attributes`)
      }
      const value = this.upTo(quote, this.position + whole.length, "an attribute")
      if (value.includes("<")) this.fail("malformed", "expected no < in an attribute")
      this.references(value)
    }
  }

  start(): void {
    const match = this.match(startTag)
    const name = match?.[1]
    if (match === undefined || name === undefined) return this.fail("malformed", "expected a tag")
    if (this.open.length === 0 && this.elements > 0) this.fail("malformed", "expected one root element")
    this.count()
    this.checkName(name)
    this.elements += 1
    this.open.push(name)
    if (this.open.length > this.limits.xmlDepthMax) {
      this.fail("too-deep", `expected at most ${this.limits.xmlDepthMax} levels of elements`)
    }
    this.position += match[0].length
    this.attributes()
    const end = this.match(tagEnd)
    if (end === undefined) return this.fail("malformed", "expected an attribute or the end of the tag")
    this.position += end[0].length
    if (end[1] === "/") this.open.pop()
  }

  end(): void {
    const match = this.match(endTag)
    if (match === undefined) return this.fail("malformed", "expected an end tag")
    if (match[1] !== this.open.at(-1)) this.fail("malformed", "expected the end tag of the open element")
    this.open.pop()
    this.position += match[0].length
  }

  markup(): void {
    if (this.starts("</")) return this.end()
    if (this.starts("<?")) return this.instruction()
    if (this.starts("<!--")) return this.comment()
    if (this.starts("<![CDATA[")) return this.cdata()
    if (this.match(doctype) !== undefined) this.fail("doctype", "expected no document type declaration")
    this.start()
  }

  document(): WellFormed {
    if (!isXmlText(this.text)) this.fail("invalid-character", "expected characters that XML 1.0 allows")
    this.declaration()
    while (this.position < this.text.length) {
      if (this.text[this.position] === "<") this.markup()
      else this.characters()
    }
    if (this.open.length > 0) this.fail("malformed", "expected the end tag of the open element")
    if (this.elements === 0) this.fail("malformed", "expected a root element")
    this.drop(this.text.length)
    return { text: this.kept.join(""), elements: this.elements }
  }
}

/**
 * Refuses a document that is not well-formed, exceeds a limit, or has a document type declaration. The time is linear
 * in the document's size.
 */
export function checkWellFormed(text: string, limits: XmlLimits): WellFormed {
  return new Scan(text, limits).document()
}
