import type { InitialDecision } from "./life.ts"

/** The bank's documented test persons. Each government id has a fixed immediate decision. */
export const testPersons: ReadonlyArray<
  readonly [governmentId: string, InitialDecision | "TECHNICAL_ERROR"]
> = [
  ["970415-2371", "MANUAL_INSPECTION"],
  ["850614-8264", "APPROVED"],
  ["650329-5799", "REJECTED"],
  ["560625-0396", "TECHNICAL_ERROR"],
  ["130100A-517V", "MANUAL_INSPECTION"],
  ["040190-811S", "APPROVED"],
  ["260274-290U", "REJECTED"],
  ["030654-428H", "TECHNICAL_ERROR"],
  ["2111969591", "MANUAL_INSPECTION"],
  ["1506899591", "APPROVED"],
  ["1708749591", "REJECTED"],
  ["0112589591", "TECHNICAL_ERROR"],
  ["05129911125", "MANUAL_INSPECTION"],
  ["10108819559", "APPROVED"],
  ["01097414277", "REJECTED"],
  ["09085905462", "TECHNICAL_ERROR"],
]
