import { withoutBlanks } from "@loan-engine/domain/blanks"
import { unreadableMark } from "@loan-engine/domain/detail"
import type { DetailName, DetailReader } from "@loan-engine/domain/detail"
import { Schema } from "effect"
import { foldedName, isWrapperName } from "./bank-word.ts"
import { isMessageElement } from "./soap-envelope.ts"
import { trimXmlSpace } from "./xml/characters.ts"
import { textElement, type XmlElement } from "./xml/element.ts"
import { excerpt, refuse } from "./xml/error.ts"

const schemaInstanceNamespace = "http://www.w3.org/2001/XMLSchema-instance"

const booleans: ReadonlyMap<string, boolean> = new Map([
  ["true", true],
  ["1", true],
  ["false", false],
  ["0", false],
])

/** How many elements may be between an operation and its members. The bank's page shows none or one. */
export const wrappersMax = 3

/**
 * Reads the children of one element of the bank's message: by local name in any case, in the bank's namespace or in
 * none. If a child that may occur once occurs twice, both must say the same. A value must not contain elements. Unknown
 * children are ignored, because the bank may add some. A child that is absent, `xsi:nil` or empty has no value. A
 * detail that cannot be read fails nothing else: only its name is recorded.
 */
export class MessageFields {
  readonly element: XmlElement
  readonly path: string
  readonly #children: ReadonlyMap<string, ReadonlyArray<XmlElement>>

  constructor(element: XmlElement, path: string = element.name) {
    this.element = element
    this.path = path
    this.#children = Map.groupBy(element.children.filter(isMessageElement), ({ name }) => foldedName(name))
  }

  pathOf(name: string): string {
    return `${this.path}/${name}`
  }

  all(name: string): ReadonlyArray<XmlElement> {
    return this.#children.get(foldedName(name)) ?? []
  }

  single(name: string): XmlElement | undefined {
    const [element, ...others] = this.all(name)
    if (element !== undefined && !others.every((other) => isSame(element, other)))
      refuse("duplicate-element", this.pathOf(name), "expected this element once")
    return element
  }

  within(name: string): MessageFields {
    const element = this.single(name) ?? this.missing(name)
    return new MessageFields(element, this.pathOf(name))
  }

  withinOptional(name: string): MessageFields | undefined {
    const element = this.single(name)
    return element === undefined ? undefined : new MessageFields(element, this.pathOf(name))
  }

  /** Whether any of these members is here, with or without a value. */
  hasAny(names: ReadonlyArray<string>): boolean {
    return names.some((name) => this.all(name).length > 0)
  }

  /**
   * The fields of the element that has this member: this element, or one inside it. If several have it, they must say
   * the same.
   */
  holding(name: string): MessageFields {
    const [holder, ...others] = this.levels().filter((fields) => fields.hasAny([name]))
    if (holder === undefined) return this.missingWithin(name)
    const value = holder.single(name)
    const agree = others.every((fields) => {
      const other = fields.single(name)
      return value !== undefined && other !== undefined && isSame(value, other)
    })
    return agree ? holder : refuse("duplicate-element", this.path, `expected one value of ${name}`)
  }

  missingWithin(...names: ReadonlyArray<string>): never {
    const expected = `expected one of ${names.join(", ")}, within at most ${wrappersMax} elements`
    return refuse("missing-element", this.pathOf(names[0] ?? ""), expected)
  }

  /** These fields, and those of every element that only wraps the content. */
  levels(): ReadonlyArray<MessageFields> {
    const found: Array<MessageFields> = []
    let level: ReadonlyArray<MessageFields> = [this]
    for (let wrappers = 0; wrappers <= wrappersMax; wrappers += 1) {
      found.push(...level)
      level = level.flatMap((fields) => fields.inner())
    }
    return found
  }

  private inner(): ReadonlyArray<MessageFields> {
    return this.element.children
      .filter((child) => child.children.length > 0 && isMessageElement(child) && isWrapperName(child.name))
      .map((child) => new MessageFields(child, this.pathOf(child.name)))
  }

  missing(name: string): never {
    return refuse("missing-element", this.pathOf(name), "expected this element with a value")
  }

  /** The text exactly as sent, with its white space. An empty or absent text counts as missing. */
  verbatim(name: string): string {
    const element = this.single(name)
    const text = element === undefined ? undefined : valueOf(element, this.pathOf(name))
    return text === undefined || text === "" ? this.missing(name) : text
  }

  optionalText(name: string): string | undefined {
    const element = this.single(name)
    const text = trimXmlSpace((element === undefined ? undefined : valueOf(element, this.pathOf(name))) ?? "")
    return text === "" ? undefined : text
  }

  /** A value that `schema` accepts. `expected` says in words what that is. */
  optional<A>(name: string, schema: Schema.Schema<A>, expected: string): A | undefined {
    const text = this.optionalText(name)
    return text === undefined ? undefined : admitted(text, schema, this.pathOf(name), expected)
  }

  required<A>(name: string, schema: Schema.Schema<A>, expected: string): A {
    return this.optional(name, schema, expected) ?? this.missing(name)
  }

  /** The bank's words to a human reader. If they cannot be read, nothing else is affected. */
  words<A>(name: string, schema: Schema.Schema<A>): A | undefined {
    const [text, ...others]: ReadonlyArray<unknown> = [...new Set(this.all(name).map(detailText))]
    return others.length === 0 && text !== "" && Schema.is(schema)(text) ? text : undefined
  }

  optionalBoolean(name: string): boolean | undefined {
    const text = this.optionalText(name)
    if (text === undefined) return undefined
    const value = readBoolean(text)
    if (value !== undefined) return value
    return refuse("invalid-value", this.pathOf(name), `expected true, false, 1 or 0, found ${excerpt(text)}`)
  }

  requiredBoolean(name: string): boolean {
    return this.optionalBoolean(name) ?? this.missing(name)
  }
}

/**
 * A detail, read by `read`, that may be in any of these fields. If it occurs several times, all must say the same.
 * `xsi:nil` is absent, and so is a blank text if `blank` says so. A detail that is only deeper, or only in another
 * namespace, may be something else with the same name: it is not read, but its name is recorded.
 */
export function readDetail<A>(
  levels: ReadonlyArray<MessageFields>,
  name: DetailName,
  details: DetailReader,
  read: (text: string) => A | undefined,
  blank: "absent" | "unreadable" = "unreadable",
): A | undefined {
  const elements = levels.flatMap((fields) => fields.all(name))
  if (elements.length === 0) noteStray(levels, name, details)
  const texts = new Set(elements.map(detailText))
  texts.delete(null)
  if (blank === "absent") texts.delete("")
  if (texts.size === 0) return undefined
  const values = new Set([...texts].map((text) => (typeof text === "string" ? read(text) : undefined)))
  const [only, ...others] = values
  return details.read(name, others.length === 0 ? only : undefined)
}

/** Records a detail that is only in a place where it is not read. */
export function noteStray(
  [root]: ReadonlyArray<MessageFields>,
  name: DetailName,
  details: DetailReader,
): void {
  if (root !== undefined && isBelow(root.element, name)) details.leaveOut(name)
}

const isBelow = ({ children }: XmlElement, name: string): boolean =>
  children.some((child) => foldedName(child.name) === foldedName(name) || isBelow(child, name))

const isSame = (one: XmlElement, other: XmlElement): boolean =>
  JSON.stringify([trimXmlSpace(one.text), one.children, one.attributes]) ===
  JSON.stringify([trimXmlSpace(other.text), other.children, other.attributes])

/** `true`, `1` and their opposites, in any case. */
export const readBoolean = (text: string): boolean | undefined =>
  booleans.get(withoutBlanks(text).toLowerCase())

const isNil = (element: XmlElement): boolean =>
  element.attributes.some(
    ({ namespace, name, value }) =>
      namespace === schemaInstanceNamespace && name === "nil" && booleans.get(trimXmlSpace(value)) === true,
  )

/** A detail's text without white space around it. `null` for `xsi:nil`, `undefined` if it is not a text. */
export function detailText(element: XmlElement): string | null | undefined {
  const text = trimXmlSpace(element.text)
  if (element.children.length > 0 || text.includes(unreadableMark)) return undefined
  if (!isNil(element)) return text
  return text === "" ? null : undefined
}

/** One value's text as sent. `undefined` if it is `xsi:nil`. */
export function valueOf(element: XmlElement, path: string): string | undefined {
  if (element.children.length > 0) refuse("unexpected-element", path, "expected text, found an element")
  const nil = element.attributes.find(
    ({ namespace, name }) => namespace === schemaInstanceNamespace && name === "nil",
  )
  if (nil === undefined) return element.text
  const said = booleans.get(trimXmlSpace(nil.value))
  if (said === undefined) return refuse("invalid-value", path, "expected xsi:nil to be true or false")
  if (!said) return element.text
  if (trimXmlSpace(element.text) !== "") refuse("invalid-value", path, "expected no value beside xsi:nil")
  return undefined
}

/** The text as a value that `schema` accepts. */
export function admitted<A>(text: string, schema: Schema.Schema<A>, path: string, expected: string): A {
  const value: unknown = text
  if (Schema.is(schema)(value) && !text.includes(unreadableMark)) return value
  return refuse("invalid-value", path, `expected ${expected}`)
}

type Optional<T> = { [K in keyof T]: undefined extends T[K] ? K : never }[keyof T]
type Present<T> = Omit<T, Optional<T>> & { [K in Optional<T>]?: Exclude<T[K], undefined> }

/** The object without its undefined members, as `Schema.optionalKey` requires. */
export function present<T extends object>(members: T): Present<T>
export function present(members: object): object {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))
}

/** The child element with a value. Empty if there is no value. */
export function field(name: string, value: string | boolean | number | undefined): ReadonlyArray<XmlElement> {
  return value === undefined ? [] : [textElement(name, String(value))]
}
