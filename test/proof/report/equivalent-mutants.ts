const typesOnly = "a brand is for the type checker: nothing of it is left when the program runs"
const alwaysMatched =
  "the default is for the type checker: the group takes part in every match, if only with an empty text"
const sameEitherWay = "at equality both branches give an equal instant"
const nullIsLeast =
  "null compares as 0 with an instant, which is never below it, so the comparison gives the same answer"
const oneOnly = "there is one kind of no, the rejection, so some and every are the same"

/**
 * Mutants that no test can notice, because they change nothing that can be observed. Each has the reason. A mutant is
 * named by its file, the original line and the change. So an entry stays valid if its line moves, but not if its code
 * changes.
 */
export const equivalentMutants: ReadonlyMap<string, string> = new Map([
  [
    'decimal-text.ts: const [, sign = "", whole = "", fraction = "", exponent = "0"] = match => StringLiteral "Stryker was here!"',
    alwaysMatched,
  ],
  [
    'decimal-text.ts: const [, sign = "", whole = "", fraction = "", exponent = "0"] = match => StringLiteral ""',
    alwaysMatched,
  ],
  ['decimal-text.ts: ).pipe(Schema.brand("DecimalText")) => StringLiteral ""', typesOnly],
  [
    "facts.ts: const earliest = (known: Instant | null, at: Instant): Instant => (known === null || at < known ? at : known) => EqualityOperator at <= known",
    sameEitherWay,
  ],
  [
    "facts.ts: const latest = (known: Instant | null, at: Instant): Instant => (known === null || at > known ? at : known) => EqualityOperator at >= known",
    sameEitherWay,
  ],
  [
    "facts.ts: return [...others, next].sort((a, b) => a.at - b.at || (keyOf(a) < keyOf(b) ? -1 : 1)) => EqualityOperator keyOf(a) <= keyOf(b)",
    "two entries of a set never have the same key, so they are never equal",
  ],
  [
    "loan-machine.ts: types: { => ObjectLiteral {}",
    "XState reads the types of these values and never the values",
  ],
  [
    'standing.ts: return opposed.some((at) => at !== null && at > ruling.at) ? "contradicted" : ruling.decision => ConditionalExpression true',
    nullIsLeast,
  ],
  [
    'standing.ts: if (approved && no.some(isHeard)) return "contradicted" => MethodExpression no.every(isHeard)',
    oneOnly,
  ],
  ['standing.ts: if (no.some(isHeard)) return "rejected" => MethodExpression no.every(isHeard)', oneOnly],
  [
    "standing.ts: return facts.additionClearedAt === null || facts.additionRequestedAt >= facts.additionClearedAt => ConditionalExpression false",
    nullIsLeast,
  ],
  [
    "standing.ts: const stale = facts.additionClearedAt !== null && facts.documents.at < facts.additionClearedAt => ConditionalExpression true",
    nullIsLeast,
  ],
  [
    "standing.ts: if (asked === null || facts.ruling === null) return newest.offer => ConditionalExpression false",
    "without a ruling no offer was asked for, so the first half has answered already",
  ],
  [
    'walk.ts: for (const [snapshot] of getMicrosteps(machine, state, { type: "observed", events: [] })) { => ArrayDeclaration ["Stryker was here"]',
    "the walk sends an event only to set the machine going: it joins nothing, with any name and content",
  ],
  [
    'walk.ts: for (const [snapshot] of getMicrosteps(machine, state, { type: "observed", events: [] })) { => StringLiteral ""',
    "the walk sends an event only to set the machine going: it joins nothing, with any name and content",
  ],
  ['observation.ts: ).pipe(Schema.brand("ApplicationReference")) => StringLiteral ""', typesOnly],
  ['observation.ts: ).pipe(Schema.brand("AccountName")) => StringLiteral ""', typesOnly],
])
