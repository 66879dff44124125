import { Result } from "effect"
import { describe, expect, test } from "vitest"
import { callbackEvents, decodeCallback, unreadableJws } from "../../src/message/message.ts"
import type { CallbackMessage } from "../../src/message/message.ts"
import { bytesOf, example } from "../support.ts"

const at = 1_700_000_000_000
const decoded = (bytes: Uint8Array): CallbackMessage => Result.getOrThrow(decodeCallback(bytes))

const callback = (event: object, more: object = {}): Uint8Array =>
  bytesOf(
    JSON.stringify({
      externalApplicationEvent: { applicationReference: "abc-1", applicationEventType: "SIGNED", ...event },
      ...more,
    }),
  )
const decision = (creditDecision: unknown): Uint8Array =>
  callback({ applicationEventType: "CREDIT_DECISION_UPDATED", creditDecision })

const path = "externalApplicationEvent"
const callbackText = `{"${path}":{"applicationReference":"abc-1","applicationEventType":"SIGNED"}}`

const offer = {
  approvedAmount: "10000",
  interest: "12.3",
  tenor: 12,
  effectiveInterest: "23.3",
  monthlyCost: "1234",
  consolidationDemand: "2300",
  adminFee: "199",
  arrangementFee: "599.99",
  totalRepaymentAmount: "13000",
  monthlyAccountFee: "0",
  totalFeesAndInterest: "3000",
  documentTypes: ["ID", "PAYMENT_SLIP"],
}

describe("the bank's own examples", () => {
  test.each([
    ["signed.json", "ABC-123", [{ type: "agreement.signed", at }]],
    ["credit-decision-approved.json", "abc-123-def-567", [{ type: "decision.approved", at, offer }]],
    ["credit-decision-rejected.json", "abc-123-def-567", [{ type: "decision.rejected", at }]],
    [
      "waiting-for-addition.json",
      "abc-123-def-567",
      [{ type: "addition.requested", at, requiredDocuments: ["ID"] }],
    ],
    ["paid-out.json", "ABC-123", [{ type: "loan.paidOut", at }]],
  ])("%s becomes the machine's event", (file, reference, events) => {
    const message = decoded(example(file))
    expect(message.applicationReference).toBe(reference)
    expect(callbackEvents(message, at)).toEqual(events)
  })

  test.each(["signed.json", "paid-out.json"])("%s's jwsData is read without its leading space", (file) => {
    expect(decoded(example(file)).jwsData).toBe("eyJOXAiOLADikz.eyJpc3MiJgbDQrm4.djjft4CP-mbW1")
  })
})

describe("decoding", () => {
  test.each([" ABC-123", "ABC-123\t\r\n", "\u00a0ABC-123\ufeff", "\u200bABC-123\u2060"])(
    "the reference %j is read without its blanks",
    (text) => {
      expect(decoded(callback({ applicationReference: text })).applicationReference).toBe("ABC-123")
    },
  )

  test.each(["8,02", "10 000", "10 000,50", "10000 SEK", "", " ", "8 , 02", "about 5"])(
    "an amount without quotation marks is left out, and its callback read: %j",
    (written) => {
      const members = (amount: string) =>
        `{"${path}":{"applicationReference":"abc-1","applicationEventType":"CREDIT_DECISION_UPDATED",` +
        `"creditDecision":{"creditDecision":"APPROVED","approvedAmount":${amount}`
      for (const after of [',"tenor":12}}}', ' , "tenor":12,}}}', ',\n"tenor":12}}}'])
        expect(decoded(bytesOf(members(written) + after))).toMatchObject({
          applicationReference: "abc-1",
          event: { verdict: "approved", offer: { tenor: 12 } },
          leftOut: ["approvedAmount"],
        })
      expect(decoded(bytesOf(`${members(written)}}}}`))).toMatchObject({ leftOut: ["approvedAmount"] })
    },
  )

  test.each(["null", "undefined", "None", "N/A", "-", "false"])(
    "jwsData %j counts as no signature",
    (jwsData) => {
      expect(Object.hasOwn(decoded(callback({}, { jwsData })), "jwsData")).toBe(false)
    },
  )

  test.each([[""], ["   "], [null], [undefined]])("jwsData %j counts as absent", (jwsData) => {
    expect(Object.hasOwn(decoded(callback({}, { jwsData })), "jwsData")).toBe(false)
  })

  test.each([[{}], [false], [true], [0], [12], [[]], [["a.b.c", "d.e.f"]], [[5]], [{ jws: "a.b.c" }]])(
    "jwsData %j is neither a signature nor the absence of one",
    (jwsData) => {
      expect(decoded(callback({}, { jwsData })).jwsData).toBe(unreadableJws)
    },
  )

  test("jwsData that occurs twice with different values is neither", () => {
    const text = `{"jwsData":"a.b.c","jwsData":"d.e.f",${callbackText.slice(1)}`
    expect(decoded(bytesOf(text)).jwsData).toBe(unreadableJws)
  })

  test("jwsData in a list with one item is that item", () => {
    expect(decoded(callback({}, { jwsData: [" a.b.c "] })).jwsData).toBe("a.b.c")
  })

  test.each([
    ["beside the event in a list", `[{"name":null,${callbackText.slice(1)}]`],
    ["for an item of the list", `[null,${callbackText}]`],
    [
      "within an event in a list",
      `{"${path}":[{"applicationReference":"abc-1","tenor":null,"applicationEventType":"SIGNED"}]}`,
    ],
    [
      "for an item beside an event",
      `{"${path}":[null,{"applicationReference":"abc-1","applicationEventType":"SIGNED"}]}`,
    ],
    ["for a reference in an outer object", `{"applicationReference":null,"body":${callbackText}}`],
  ])("null %s counts as absent", (_title, text) => {
    const message = decoded(bytesOf(text))
    expect([message.applicationReference, message.event, message.leftOut]).toEqual([
      "abc-1",
      { kind: "signed" },
      undefined,
    ])
  })

  test("null within a decision in a list, or in the list, counts as absent", () => {
    const message = decoded(
      decision([
        null,
        { creditDecision: "APPROVED", interest: null, tenor: 12, documentTypes: [{ type: null }] },
      ]),
    )
    expect(message).toMatchObject({
      event: { verdict: "approved", offer: { tenor: 12 } },
      leftOut: ["documentTypes"],
    })
  })

  test("amounts keep every digit, as numbers or as text, in the canonical form", () => {
    const creditDecision =
      '{"creditDecision":"APPROVED","approvedAmount":1000.0,"interest":"8.020","tenor":"12.0",' +
      '"totalRepaymentAmount":12345678901234567890.10,"adminFee":1e2}'
    const body =
      '{"externalApplicationEvent":{"applicationReference":"a","applicationEventType":"CREDIT_DECISION_UPDATED",' +
      `"creditDecision":${creditDecision}}}`
    expect(decoded(bytesOf(body)).event).toEqual({
      kind: "creditDecisionUpdated",
      verdict: "approved",
      offer: {
        approvedAmount: "1000",
        interest: "8.02",
        tenor: 12,
        totalRepaymentAmount: "12345678901234567890.1",
        adminFee: "100",
      },
    })
  })

  test("unknown members are ignored, and null members are absent", () => {
    const message = decoded(
      decision({ creditDecision: "APPROVED", interest: null, newFee: { any: 1 }, topUpAmount: 5 }),
    )
    expect(message.event).toEqual({
      kind: "creditDecisionUpdated",
      verdict: "approved",
      offer: { topUpAmount: "5" },
    })
  })

  test("a manual inspection is a decision that is pending", () => {
    expect(callbackEvents(decoded(decision({ creditDecision: "MANUAL_INSPECTION" })), at)).toEqual([
      { type: "decision.pending", at },
    ])
  })

  test.each([
    ["event type", callback({ applicationEventType: "WITHDRAWN" }), "WITHDRAWN"],
    ["event type named like a built-in", callback({ applicationEventType: "__proto__" }), "_PROTO_"],
    [
      "credit decision",
      decision({ creditDecision: "TECHNICAL_ERROR", interest: "none" }),
      "CREDIT_DECISION_UPDATED",
    ],
  ])("an unknown %s is no error and no event", (_title, bytes, type) => {
    const message = decoded(bytes)
    expect(message.event).toEqual({ kind: "unknown", type })
    expect(callbackEvents(message, at)).toEqual([])
  })
})

const latin1 = (text: string): Uint8Array => Buffer.from(text, "latin1")

describe("a malformed callback is an error that names the field", () => {
  test.each([
    ["a list", bytesOf("[]"), ""],
    ["text", bytesOf('"SIGNED"'), ""],
    ["an empty object", bytesOf("{}"), path],
    ["an event that is null", bytesOf(`{"${path}":null}`), path],
    ["an event that is text", bytesOf(`{"${path}":"SIGNED"}`), path],
    ["no reference", callback({ applicationReference: undefined }), `${path}.applicationReference`],
    ["a null reference", callback({ applicationReference: null }), `${path}.applicationReference`],
    ["an empty reference", callback({ applicationReference: "" }), `${path}.applicationReference`],
    ["a reference of blanks", callback({ applicationReference: " \t" }), `${path}.applicationReference`],
    ["two events that name no loan", bytesOf(`[{"${path}":{"a":1}},{"${path}":{}}]`), ""],
    ["an event too deep", bytesOf(`{"a":{"b":{"c":{"d":{"e":{"${path}":{}}}}}}}`), path],
  ])("%s", (_title, bytes, field) => {
    const result = decodeCallback(bytes)
    expect(Result.isFailure(result) && [result.failure.code, result.failure.field]).toEqual([
      "field-invalid",
      field,
    ])
  })

  test("the error quotes nothing of what was sent", () => {
    const result = decodeCallback(
      callback({ applicationReference: " ", applicationEventType: "anna@example.com" }),
    )
    expect(JSON.stringify(result)).not.toContain("anna")
  })
})

describe("an unusable reference is replaced by one that shows this", () => {
  const unusable: ReadonlyArray<[string, Uint8Array]> = [
    ["a number that is not whole", callback({ applicationReference: 12.5 })],
    ["a text with a NUL", callback({ applicationReference: "a\u0000b" })],
    ["a text that is too long", callback({ applicationReference: "a".repeat(513) })],
    ["another that is too long", callback({ applicationReference: "b".repeat(513) })],
    ["an object", callback({ applicationReference: { id: "a" } })],
    ["two of two events", bytesOf(`[${callbackText},${callbackText.replace("abc-1", "abc-2")}]`)],
    [
      "a member that is there twice",
      bytesOf(
        `{"${path}":{"applicationReference":"a","applicationReference":"b","applicationEventType":"SIGNED"}}`,
      ),
    ],
    ["a text in bytes of no encoding", latin1(callbackText.replace("abc-1", "åbc"))],
  ]
  test.each(unusable)("%s", (_title, bytes) => {
    const message = decoded(bytes)
    expect(message.applicationReference).toMatch(/^unusable-reference:[0-9a-f]{32}$/u)
    expect(message.unusableReference?.field).toBe(`${path}.applicationReference`)
    expect(message.event.kind).toMatch(/^(?:signed|unknown)$/u)
    expect(decoded(bytes).applicationReference).toBe(message.applicationReference)
  })

  test("another unusable reference gets another replacement", () => {
    const names = unusable.slice(0, 6).map(([, bytes]) => decoded(bytes).applicationReference)
    expect(new Set(names).size).toBe(6)
  })
})

describe("a detail that has one meaning is read, however it is written", () => {
  test.each([
    [
      "amounts as text",
      { approvedAmount: "10000", interest: "8.02" },
      { approvedAmount: "10000", interest: "8.02" },
    ],
    ["a decimal comma", { interest: "8,02" }, { interest: "8.02" }],
    ["spaces between groups", { approvedAmount: "10\u00A0000,50" }, { approvedAmount: "10000.5" }],
    ["a list of one amount", { approvedAmount: [10000] }, { approvedAmount: "10000" }],
    ["a tenor as text", { tenor: "72.0" }, { tenor: 72 }],
    ["documents as text", { documentTypes: "ID" }, { documentTypes: ["ID"] }],
    ["documents within an object", { documentTypes: { documentType: ["ID"] } }, { documentTypes: ["ID"] }],
    ["documents as JSON text", { documentTypes: '["ID"]' }, { documentTypes: ["ID"] }],
    [
      "documents in an object as JSON text",
      { documentTypes: '{"documentType":"ID"}' },
      { documentTypes: ["ID"] },
    ],
    ["documents with a null", { documentTypes: ["ID", null] }, { documentTypes: ["ID"] }],
  ])("%s", (_title, members, offer) => {
    const message = decoded(decision({ creditDecision: "APPROVED", ...members }))
    expect(message.event).toEqual({ kind: "creditDecisionUpdated", verdict: "approved", offer })
    expect(message.leftOut).toBeUndefined()
  })

  test("required documents as text", () => {
    const message = decoded(
      callback({ applicationEventType: "WAITING_FOR_ADDITION", requiredDocuments: "ID" }),
    )
    expect(message.event).toEqual({ kind: "waitingForAddition", requiredDocuments: ["ID"] })
  })
})

describe("a detail without a single meaning is left out and named, and the event stays", () => {
  test.each([
    ["an amount that is a word", { approvedAmount: "ten" }, "approvedAmount"],
    ["an amount that is not there", { approvedAmount: "N/A" }, "approvedAmount"],
    ["an empty amount", { approvedAmount: "" }, "approvedAmount"],
    ["an amount with a currency", { approvedAmount: "10000 SEK" }, "approvedAmount"],
    ["an amount in an object", { approvedAmount: { value: 10000 } }, "approvedAmount"],
    ["an amount of one thousand or of one", { approvedAmount: "1,234" }, "approvedAmount"],
    ["a negative amount", { approvedAmount: -5000 }, "approvedAmount"],
    ["a negative interest", { interest: -99 }, "interest"],
    ["an interest that is a boolean", { interest: true }, "interest"],
    ["an amount of endless digits", { adminFee: "9".repeat(31) }, "adminFee"],
    ["half a month", { tenor: 72.5 }, "tenor"],
    ["no month", { tenor: 0 }, "tenor"],
    ["a negative tenor", { tenor: -1 }, "tenor"],
    ["a document that is a number", { documentTypes: ["ID", 1] }, "documentTypes"],
    ["documents that may be several", { documentTypes: "ID,PAYMENT_SLIP" }, "documentTypes"],
    ...[
      "N/A",
      "-",
      "null",
      "none",
      "ID PAYMENT_SLIP",
      ["ID,PAYMENT_SLIP"],
      ["N/A"],
      '["ID","N/A"]',
      '["ID"',
    ].map((documentTypes): [string, object, string] => [
      `documents ${JSON.stringify(documentTypes)}`,
      { documentTypes },
      "documentTypes",
    ]),
    ["an amount of another offer", { previousOffer: { approvedAmount: 99999 } }, "approvedAmount"],
    ["an amount of another loan", { existingLoans: [{ adminFee: 900 }] }, "adminFee"],
    ["too many documents", { documentTypes: Array(51).fill("ID") }, "documentTypes"],
  ])("%s", (_title, members, name) => {
    const message = decoded(decision({ creditDecision: "APPROVED", ...members, monthlyCost: 1 }))
    expect(message.event).toEqual({
      kind: "creditDecisionUpdated",
      verdict: "approved",
      offer: { monthlyCost: "1" },
    })
    expect(message.leftOut).toEqual([name])
  })

  test("an amount with a too large exponent", () => {
    const text = callbackText.replace(
      '"SIGNED"',
      '"CREDIT_DECISION_UPDATED","creditDecision":{"creditDecision":"APPROVED","interest":1e31}',
    )
    expect(decoded(bytesOf(text)).leftOut).toEqual(["interest"])
  })

  test("a member twice with different values", () => {
    const text = callbackText.replace(
      '"SIGNED"',
      '"CREDIT_DECISION_UPDATED","creditDecision":{"creditDecision":"APPROVED","interest":1,"interest":2,"tenor":3,"tenor":3}',
    )
    expect(decoded(bytesOf(text))).toMatchObject({ event: { offer: { tenor: 3 } }, leftOut: ["interest"] })
  })

  test("an approval of which no detail can be read carries no offer", () => {
    const message = decoded(decision({ creditDecision: "APPROVED", approvedAmount: "N/A" }))
    expect(callbackEvents(message, at)).toEqual([{ type: "decision.approved", at }])
  })

  test.each([[undefined], [null], [5], [["ID", 5]], ["ID;PAYMENT_SLIP"], [{}]])(
    "required documents that are %j",
    (requiredDocuments) => {
      const message = decoded(callback({ applicationEventType: "WAITING_FOR_ADDITION", requiredDocuments }))
      expect(callbackEvents(message, at)).toEqual([{ type: "addition.requested", at }])
      expect(message.leftOut).toEqual(["requiredDocuments"])
    },
  )
})

describe("the event is read in any wrapper and spelling", () => {
  const signed = [{ type: "agreement.signed", at }]
  const signedEvent = { applicationReference: "abc-1", applicationEventType: "SIGNED" }
  test.each<[title: string, bytes: Uint8Array, reference?: string]>([
    ["in an object", bytesOf(`{"body":${callbackText}}`)],
    ["in a list", bytesOf(`[${callbackText}]`)],
    ["in a list in an object", bytesOf(`{"events":[${callbackText}]}`)],
    ["without its wrapper", bytesOf('{"applicationReference":"abc-1","applicationEventType":"SIGNED"}')],
    [
      "in lower case",
      bytesOf(
        callbackText
          .toLowerCase()
          .replace("externalapplicationevent", path)
          .replace("applicationreference", "applicationReference")
          .replace("applicationeventtype", "applicationEventType"),
      ),
    ],
    [
      "with an event in a list",
      bytesOf(`{"${path}":[{"applicationReference":"abc-1","applicationEventType":"SIGNED"}]}`),
    ],
    [
      "with its reference in a list",
      bytesOf(`{"${path}":{"applicationReference":[" abc-1"],"applicationEventType":["SIGNED"]}}`),
    ],
    ["with a number as its reference", bytesOf(callbackText.replace('"abc-1"', "4711")), "4711"],
    [
      "in names of another case",
      bytesOf(callbackText.replace(/"[ea](?=[xp])/gu, (sign) => sign.toUpperCase())),
    ],
    ["in names with underscores", bytesOf(callbackText.replace(/(?<=[a-z])[A-Z](?=[a-z])/gu, "_$&"))],
    ["with its event as JSON text", bytesOf(JSON.stringify({ [path]: JSON.stringify(signedEvent) }))],
    ["as JSON text", bytesOf(JSON.stringify(callbackText))],
    ["as JSON text in a list of one", bytesOf(JSON.stringify([callbackText]))],
    ["with its event in another object", bytesOf(JSON.stringify({ [path]: { event: signedEvent } }))],
    [
      "with its event in two other objects",
      bytesOf(JSON.stringify({ [path]: { data: { event: signedEvent } } })),
    ],
    [
      "with its reference beside the event",
      bytesOf(JSON.stringify({ applicationReference: "abc-1", [path]: { applicationEventType: "SIGNED" } })),
    ],
    [
      "with its type beside the event",
      bytesOf(
        JSON.stringify({ applicationEventType: "signed\u00a0", [path]: { applicationReference: "abc-1" } }),
      ),
    ],
    ["in three objects", bytesOf(`{"a":{"b":{"c":${callbackText}}}}`)],
    ["in names of a namespace", bytesOf(callbackText.replaceAll('"app', '"ns2:app'))],
    ["behind a no-break space and a form feed", bytesOf(`\u00a0\f${callbackText}`)],
    ["twice in a list", bytesOf(`[${callbackText},${callbackText}]`)],
    ["before NULs and a line end", bytesOf(`${callbackText}\0\0\r\n`)],
    ["before a comma too many", bytesOf(callbackText.replace("}}", ",},}"))],
    [
      "beside a number that is none",
      bytesOf(`{"a":NaN,"b":08.02,"c":[+5],"d":-Infinity,${callbackText.slice(1)}`),
    ],
    ["beside a text of several lines", bytesOf(`{"a":"\tone\n\u0001",${callbackText.slice(1)}`)],
    ["beside an escape that there is none of", bytesOf(`{"a":"\\x41\\u12",${callbackText.slice(1)}`)],
    [
      "beside what nests too deeply",
      bytesOf(`{"a":${"[".repeat(40)}"]}"${"]".repeat(40)},${callbackText.slice(1)}`),
    ],
    ["behind a byte order mark", bytesOf(`\uFEFF${callbackText}`)],
    ["behind blank lines", bytesOf(`\r\n\n${callbackText}`)],
    ["before trailing NULs", bytesOf(`${callbackText}\n\0\0`)],
    ["in UTF-16LE with a mark", Buffer.from(`\uFEFF${callbackText}`, "utf16le")],
    ["in UTF-16LE without a mark", Buffer.from(callbackText, "utf16le")],
    ["in UTF-16BE", Buffer.from(`\uFEFF${callbackText}`, "utf16le").swap16()],
    ["beside a name in Latin-1", latin1(`{"name":"Åsa",${callbackText.slice(1)}`)],
    ["beside half a surrogate pair", bytesOf(`{"name":"\\ud800",${callbackText.slice(1)}`)],
  ])("%s", (_title, bytes, reference = "abc-1") => {
    const message = decoded(bytes)
    expect(message.applicationReference).toBe(reference)
    expect(callbackEvents(message, at)).toEqual(signed)
  })

  test.each([
    ["text", "approved"],
    ["an object in lower case", { creditDecision: "Approved" }],
    ["an object in a list", [{ creditDecision: "APPROVED" }]],
    ["JSON text in its own place", { creditDecision: '{"creditDecision":"APPROVED"}' }],
    ["JSON text of a list", '[{"creditDecision":"APPROVED"}]'],
    ["an object in a list in a list", [[{ creditDecision: "APPROVED" }]]],
    ["an object in another of its name", { creditDecision: { creditDecision: "APPROVED" } }],
  ])("a decision that is %s", (_title, creditDecision) => {
    expect(callbackEvents(decoded(decision(creditDecision)), at)).toEqual([{ type: "decision.approved", at }])
  })

  test("a decision that is text has its offer beside it", () => {
    const event = { applicationEventType: "CREDIT_DECISION_UPDATED", creditDecision: "APPROVED", tenor: 12 }
    expect(callbackEvents(decoded(callback(event)), at)).toEqual([
      { type: "decision.approved", at, offer: { tenor: 12 } },
    ])
  })

  const approved = { creditDecision: "APPROVED" }
  test.each([
    ["beside the decision's object", { creditDecision: approved, approvedAmount: 10000 }],
    ["in an object beside the decision", { creditDecision: approved, offer: { approvedAmount: 10000 } }],
    [
      "in an object within the decision",
      { creditDecision: { ...approved, offer: { approvedAmount: 10000 } } },
    ],
    [
      "around a decision in another of its name",
      { creditDecision: { creditDecision: approved, approvedAmount: "10 000" } },
    ],
    [
      "at two places that agree",
      { creditDecision: { ...approved, approvedAmount: 10000 }, approvedAmount: "10000.0" },
    ],
    [
      "in a list within the decision",
      { creditDecision: { ...approved, offers: [{ approvedAmount: 10000 }] } },
    ],
    [
      "in equal items of a list",
      { creditDecision: { ...approved, offers: [{ approvedAmount: 10000 }, { approvedAmount: "10 000" }] } },
    ],
    ["as JSON text", { creditDecision: { ...approved, offer: '{"approvedAmount":10000}' } }],
    [
      "deep within the decision",
      { creditDecision: { ...approved, data: { offer: { details: [[{ approvedAmount: 10000 }]] } } } },
    ],
    ["in a name of another case", { creditDecision: { ...approved, Approved_Amount: 10000 } }],
    [
      "in a decision as JSON text",
      { creditDecision: '{"creditDecision":"APPROVED","approvedAmount":10000}' },
    ],
  ])("an amount %s is read", (_where, event) => {
    const message = decoded(callback({ applicationEventType: "CREDIT_DECISION_UPDATED", ...event }))
    expect(message.event).toEqual({
      kind: "creditDecisionUpdated",
      verdict: "approved",
      offer: { approvedAmount: "10000" },
    })
    expect(message.leftOut).toBeUndefined()
  })

  test("an amount that differs at two places is left out and named", () => {
    const event = { creditDecision: { ...approved, approvedAmount: 1, tenor: 12 }, approvedAmount: 2 }
    const message = decoded(callback({ applicationEventType: "CREDIT_DECISION_UPDATED", ...event }))
    expect(message).toMatchObject({ event: { offer: { tenor: 12 } }, leftOut: ["approvedAmount"] })
  })

  test.each([
    [
      "in two offers",
      { creditDecision: { ...approved, tenor: 12, offers: [{ approvedAmount: 1 }, { approvedAmount: 2 }] } },
    ],
    [
      "under two spellings",
      { creditDecision: { ...approved, tenor: 12, approvedAmount: 1, ApprovedAmount: 2 } },
    ],
  ])("an amount %s with different values is left out and named", (_where, event) => {
    const message = decoded(callback({ applicationEventType: "CREDIT_DECISION_UPDATED", ...event }))
    expect(message).toMatchObject({ event: { offer: { tenor: 12 } }, leftOut: ["approvedAmount"] })
  })

  test("an amount beside that of another offer is read", () => {
    const event = { creditDecision: { ...approved, approvedAmount: 1, previousOffer: { approvedAmount: 2 } } }
    const message = decoded(callback({ applicationEventType: "CREDIT_DECISION_UPDATED", ...event }))
    expect(message).toMatchObject({ event: { offer: { approvedAmount: "1" } } })
    expect(message.leftOut).toBeUndefined()
  })

  test.each(["PAIDOUT", "paid out", "PaidOut", "\u200bpaid-out"])(
    "the type %j is PAID_OUT",
    (applicationEventType) => {
      expect(decoded(callback({ applicationEventType })).event).toEqual({ kind: "paidOut" })
    },
  )

  test("a signature inside the event counts", () => {
    const message = decoded(callback({ jwsData: "a.b.c" }))
    expect([message.jwsData, Object.keys(message.eventBody)]).toEqual([
      "a.b.c",
      ["applicationReference", "applicationEventType"],
    ])
  })

  test("a signature beside the wrapper or inside it counts", () => {
    expect(decoded(bytesOf(`{"jwsData":"a.b.c","body":${callbackText}}`)).jwsData).toBe("a.b.c")
    const within = `{"body":{"jwsData":"a.b.c",${callbackText.slice(1)}}`
    expect(decoded(bytesOf(within)).jwsData).toBe("a.b.c")
  })
})

describe("a value that is nested deeper than the loan's reference may be about another loan", () => {
  const paidOut = { applicationReference: "other", applicationEventType: "PAID_OUT" }
  const text = JSON.stringify(paidOut)
  test.each<[string, unknown, object]>([
    [
      "an event within an event that says its type",
      { applicationReference: "abc-1", [path]: { applicationEventType: "SIGNED", relatedEvent: paidOut } },
      { applicationReference: "abc-1", event: { kind: "signed" } },
    ],
    [
      "a customer's note",
      { applicationReference: "abc-1", [path]: { applicationEventType: "SIGNED", customerNote: text } },
      { applicationReference: "abc-1", event: { kind: "signed" } },
    ],
    [
      "an earlier event beside a name",
      { applicationReference: "abc-1", status: "x", previousEvent: paidOut },
      { applicationReference: "abc-1", event: { kind: "unknown" } },
    ],
    [
      "a note beside a name",
      { applicationReference: "abc-1", note: text },
      { applicationReference: "abc-1", event: { kind: "unknown" } },
    ],
    [
      "an earlier event beside another thing",
      { previousEvent: paidOut, current: { applicationReference: "abc-1", event: "SIGNED" } },
      { applicationReference: "abc-1", event: { kind: "unknown" } },
    ],
  ])("%s is ignored", (_title, body, message) => {
    expect(decoded(bytesOf(JSON.stringify(body)))).toMatchObject(message)
  })

  test.each([
    { note: text },
    { previousEvent: paidOut },
    { [path]: { previousApplicationEvent: paidOut } },
    { [path]: { note: text } },
  ])("%j names no loan", (body) => {
    expect(Result.isFailure(decodeCallback(bytesOf(JSON.stringify(body))))).toBe(true)
  })

  test.each([
    [
      "twice",
      `{"${path}":{"applicationReference":"abc-1","applicationEventType":"SIGNED"},"${path}":{"applicationReference":"abc-1","applicationEventType":"PAID_OUT"}}`,
    ],
    [
      "under two spellings",
      `{"${path}":{"applicationReference":"abc-1","applicationEventType":"SIGNED"},"ExternalApplicationEvent":{"applicationReference":"abc-1","applicationEventType":"PAID_OUT"}}`,
    ],
  ])("an event that occurs %s and differs is held for its loan", (_title, body) => {
    expect(decoded(bytesOf(body))).toMatchObject({
      applicationReference: "abc-1",
      event: { kind: "unknown" },
    })
  })

  test("a signature around the event counts if the one inside is blank", () => {
    const body = { [path]: { ...paidOut, jwsData: " " }, jwsData: "a.b.c" }
    expect(decoded(bytesOf(JSON.stringify(body))).jwsData).toBe("a.b.c")
  })
})

describe("an unknown type is stored without an event", () => {
  test.each([
    ["no type", callback({ applicationEventType: undefined }), undefined],
    ["nothing but a reference", bytesOf('{"applicationReference":"abc-1"}'), undefined],
    [
      "nothing but a reference, in an object",
      bytesOf('{"data":{"applicationReference":"abc-1"}}'),
      undefined,
    ],
    [
      "a reference beside an event that is text",
      bytesOf(`{"applicationReference":"abc-1","${path}":"SIGNED"}`),
      undefined,
    ],
    [
      "two events of one loan",
      bytesOf(`[${callbackText},${callbackText.replace("SIGNED", "PAID_OUT")}]`),
      undefined,
    ],
    ["a type that is a list of two", callback({ applicationEventType: ["SIGNED", "PAID_OUT"] }), undefined],
    ["no decision", decision(undefined), ["decision"]],
    ["an empty decision", decision({}), ["decision"]],
    ["a decision that is a number", decision(5), ["decision"]],
    ["a decision of the other page", decision({ creditDecision: "ACCEPT" }), ["decision"]],
  ])("%s", (_title, bytes, leftOut) => {
    const message = decoded(bytes)
    expect(message.event.kind).toBe("unknown")
    expect(message.leftOut).toEqual(leftOut)
    expect(callbackEvents(message, at)).toEqual([])
  })
})
