import { decodeJsonBytes } from "@loan-engine/adapters-http/message/encoding"
import { composed } from "@loan-engine/app/sandbox/dialects/dialect"
import { dialects } from "@loan-engine/app/sandbox/dialects/speaking"
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { propertyRuns, propertySeed } from "../properties/settings.ts"
import type { Reader } from "./judge.ts"
import { readers, unpackedCallback, wrongWith } from "./judge.ts"
import type { Message } from "./messages.ts"
import { messages, selections } from "./messages.ts"

/** The property for any readers: the engine's own, or broken ones. */
const holdsFor = (read: Readonly<Record<Message["kind"], Reader>>) =>
  fc.property(
    messages.chain((message) => fc.tuple(fc.constant(message), selections(message.kind))),
    ([{ kind, plain }, spoken]) => {
      const said = readers[kind](plain)
      if (typeof said === "string") throw new Error(`the plain message is refused: ${said}`)
      expect(wrongWith(said, read[kind](composed(spoken)(plain)), spoken)).toEqual([])
    },
  )

describe("P11 dialect", () => {
  it("P11 any message in any composition of dialects gives the same event, and names its left-out details", ({
    task,
  }) => {
    const run = fc.check(holdsFor(readers), { numRuns: 2 * propertyRuns, seed: propertySeed })
    task.meta.proofs = [{ property: "P11", means: "random", cases: run.numRuns }]
    if (run.failed) throw new Error(fc.defaultReportMessage(run), { cause: run.errorInstance })
  })

  it("every dialect has a unique name, and changes some message", () => {
    expect(new Set(dialects.map(({ language, name }) => `${language} ${name}`)).size).toBe(dialects.length)
    const changing = new Set<string>()
    for (const { kind, plain } of fc.sample(messages, { numRuns: 500, seed: 1 })) {
      for (const dialect of dialects) {
        if ((dialect.language === "json") !== (kind === "callback")) continue
        const { bytes, contentType } = dialect.speak(plain)
        const isOther = contentType !== plain.contentType || !Buffer.from(bytes).equals(plain.bytes)
        if (isOther) changing.add(`${dialect.language} ${dialect.name}`)
      }
    }
    expect(dialects.filter(({ language, name }) => !changing.has(`${language} ${name}`))).toEqual([])
  })
})

const reading =
  (reader: Reader, change: (read: Exclude<ReturnType<Reader>, string>) => ReturnType<Reader>): Reader =>
  (message) => {
    const read = reader(message)
    return typeof read === "string" ? read : change(read)
  }
const everywhere = (broken: (reader: Reader) => Reader) => ({
  callback: broken(readers.callback),
  status: broken(readers.status),
  quote: broken(readers.quote),
})

/** The engine's own reader, which gets a changed text. */
const rewriting =
  (rewrite: (text: string) => string): Reader =>
  (message) => {
    const text = rewrite(decodeJsonBytes(unpackedCallback(message)))
    return readers.callback({ bytes: new TextEncoder().encode(text), contentType: "application/json" })
  }

const canaries = [
  {
    name: "silent reader",
    what: "It leaves out what it cannot read, and does not name it.",
    read: everywhere((reader) => reading(reader, (read) => ({ ...read, leftOut: [] }))),
  },
  {
    name: "strict reader",
    what: "It refuses a whole message for a detail that it cannot read.",
    read: everywhere((reader) => reading(reader, (read) => (read.leftOut.length > 0 ? "refused" : read))),
  },
  {
    name: "timid reader",
    what: "It leaves out and names every amount with a decimal comma, even with one meaning.",
    read: {
      ...readers,
      callback: rewriting((text) => text.replace(/"\d+,\d{1,2}"/gu, '"?"')),
    },
  },
  {
    name: "guessing reader",
    what: "It reads every comma as a separator of digit groups.",
    read: {
      ...readers,
      callback: rewriting((text) => text.replace(/"(\d+),(\d+)"/gu, '"$1$2"')),
    },
  },
]

describe("a reader that is broken on purpose is caught", () => {
  it.for(canaries)("$name: $what", ({ name, what, read }, { task }) => {
    const { failed } = fc.check(holdsFor(read), { numRuns: 3_000, seed: propertySeed, endOnFailure: true })
    task.meta.canary = { name, what, killedBy: failed ? ["P11"] : [] }
    expect(failed).toBe(true)
  })
})
