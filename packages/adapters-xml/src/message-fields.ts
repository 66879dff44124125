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
 * Reads the children of one element of a message. They are found by local name in any case, in the bank's namespace
 * or in none. If a child that may occur once occurs twice, both must be the same. A value must not contain elements.
 * Unknown children are ignored, because the bank may add some. A child that is absent, empty or `xsi:nil` has no
 * value. If a detail cannot be read, its name is recorded, and the rest is still read.
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

  /** Whether the element has any of these members, with or without a value. */
  hasAny(names: ReadonlyArray<string>): boolean {
    return names.some((name) => this.all(name).length > 0)
  }

  /**
   * The fields of the element that has this member: this element, or an element inside it. If several elements have
   * it, the values must be the same.
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

  /** These fields, and those of all elements inside that only wrap the content. */
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

  /** The text exactly as it was sent, with its white space. An absent or empty text is refused. */
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

  /** A value that `schema` accepts. `expected` describes such a value, for the error. */
  optional<A>(name: string, schema: Schema.Schema<A>, expected: string): A | undefined {
    const text = this.optionalText(name)
    return text === undefined ? undefined : admitted(text, schema, this.pathOf(name), expected)
  }

  required<A>(name: string, schema: Schema.Schema<A>, expected: string): A {
    return this.optional(name, schema, expected) ?? this.missing(name)
  }

  /** A text of the bank for people. If it cannot be read, it counts as absent. */
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
 * Reads a detail that may be in any of these fields. If it occurs several times, all values must be the same.
 * `xsi:nil` counts as absent, and so does a blank text if `blank` is `absent`. A detail that occurs only deeper, or
 * only in another namespace, may be something else with the same name. It is not read, but its name is recorded.
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

/** Records a detail that occurs only in a place where it is not read. */
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

/** Reads `true`, `1`, `false` or `0`, in any case. */
export const readBoolean = (text: string): boolean | undefined =>
  booleans.get(withoutBlanks(text).toLowerCase())

const isNil = (element: XmlElement): boolean =>
  element.attributes.some(
    ({ namespace, name, value }) =>
      namespace === schemaInstanceNamespace && name === "nil" && booleans.get(trimXmlSpace(value)) === true,
  )

/**
 * The text of a detail, without white space around it. `null` for `xsi:nil`. `undefined` if it is no readable text.
 */
export function detailText(element: XmlElement): string | null | undefined {
  const text = trimXmlSpace(element.text)
  if (element.children.length > 0 || text.includes(unreadableMark)) return undefined
  if (!isNil(element)) return text
  return text === "" ? null : undefined
}

/** The text of a value, as it was sent. `undefined` for `xsi:nil`. */
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

/** The text, if `schema` accepts it. Otherwise it is refused. */
export function admitted<A>(text: string, schema: Schema.Schema<A>, path: string, expected: string): A {
  const value: unknown = text
  if (Schema.is(schema)(value) && !text.includes(unreadableMark)) return value
  return refuse("invalid-value", path, `expected ${expected}`)
}

type Optional<T> = { [K in keyof T]: undefined extends T[K] ? K : never }[keyof T]
type Present<T> = Omit<T, Optional<T>> & { [K in Optional<T>]?: Exclude<T[K], undefined> }

/** The object without members that are `undefined`, as `Schema.optionalKey` requires. */
export function present<T extends object>(members: T): Present<T>
export function present(members: object): object {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined))
}

/** A child element with this value. If there is no value, there is no element. */
export function field(name: string, value: string | boolean | number | undefined): ReadonlyArray<XmlElement> {
  return value === undefined ? [] : [textElement(name, String(value))]
}
