import type { PropertyId } from "../properties/law.ts"

/**
 * What the bank's page, or the contract built on it, asks of anyone who follows a loan. Every requirement is met by a
 * property, and every property is there because of a requirement; the report fails if either is missing.
 */
export interface Requirement {
  readonly id: string
  readonly sentence: string
  /** The section of the bank's page, "Callbacks and polling status", or of the design, that it comes from. */
  readonly source: string
  readonly properties: ReadonlyArray<PropertyId>
}

const page = (section: string): string => `Bank's page, "${section}"`

export const requirements: ReadonlyArray<Requirement> = [
  {
    id: "R1",
    sentence: "The bank tells a loan's status by callback and by polling. Both must lead to the same stage.",
    source: page("Callbacks and polling status"),
    properties: ["P2", "P5"],
  },
  {
    id: "R2",
    sentence: "A loan under manual inspection becomes approved or rejected.",
    source: page("CREDIT_DECISION_UPDATED"),
    properties: ["P1", "P4", "P8"],
  },
  {
    id: "R3",
    sentence:
      "The bank may ask the customer for documents more than once. Each such callback may have the same bytes.",
    source: page("WAITING_FOR_ADDITION"),
    properties: ["P1", "P2", "P8"],
  },
  {
    id: "R4",
    sentence: "A signed agreement stays signed.",
    source: page("SIGNED"),
    properties: ["P1", "P4", "P8"],
  },
  {
    id: "R5",
    sentence: "A paid-out loan stays paid out. It was also approved and signed, even if no message said so.",
    source: page("PAID_OUT"),
    properties: ["P1", "P4", "P8"],
  },
  {
    id: "R6",
    sentence:
      "Callbacks have no id, no time and no sequence number. So lost, late, repeated and reordered callbacks must do no harm.",
    source: page("Example callbacks"),
    properties: ["P2", "P3", "P5"],
  },
  {
    id: "R7",
    sentence:
      "If messages about an application contradict each other, the loan must end in a dispute, not in a wrong stage.",
    source: page("How to trigger a callback in test environment"),
    properties: ["P1", "P3", "P4"],
  },
  {
    id: "R8",
    sentence:
      "Callback credentials and a signature (jwsData) are optional. A callback with neither must not be believed.",
    source: page("Register the callback-URL") + " and " + page("jwsData"),
    properties: ["P7"],
  },
  {
    id: "R9",
    sentence:
      "A poll shows only a part of the loan. If it has no signing method, or paidOut is false, it undoes no fact.",
    source: page("To poll the application reference"),
    properties: ["P4", "P5"],
  },
  {
    id: "R10",
    sentence:
      "Every decision can be shown later from the received messages. No acknowledged message is lost or altered.",
    source: "Design, section 2, what must always hold",
    properties: ["P6"],
  },
  {
    id: "R11",
    sentence:
      "The bank may write one message in many notations. If one detail of a message cannot be read, the rest must still count.",
    source: "Design, section 2a, the word and its details",
    properties: ["P11"],
  },
  {
    id: "R12",
    sentence:
      "The engine polls an open loan for weeks. While the bank's answer stays the same, the engine must report no change.",
    source: "Design, section 2a, a level heard again",
    properties: ["P9"],
  },
]

/** Requirements without a property, and properties without a requirement. */
export function untraced(properties: ReadonlyArray<PropertyId>): ReadonlyArray<string> {
  const met = new Set(requirements.flatMap((requirement) => requirement.properties))
  return [
    ...requirements
      .filter((requirement) => !requirement.properties.some((id) => properties.includes(id)))
      .map(({ id }) => `requirement ${id} is met by no property`),
    ...properties.filter((id) => !met.has(id)).map((id) => `property ${id} comes from no requirement`),
  ]
}
