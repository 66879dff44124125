import * as PgTypes from "@effect/sql-pg/PgTypes"
import { Result } from "effect"

type Parameter = PgTypes.Parameter

/**
 * One column of many rows, as an array with its type. Without the type, the driver would guess it from the values. It
 * cannot guess if there are no values, or all are null.
 */
const column =
  (elementOid: number) =>
  (values: ReadonlyArray<unknown>): Parameter =>
    Result.getOrThrow(PgTypes.array(values, elementOid))

export const texts: (values: ReadonlyArray<string | null>) => Parameter = column(PgTypes.OID.text)
export const ints: (values: ReadonlyArray<number>) => Parameter = column(PgTypes.OID.int4)
export const booleans: (values: ReadonlyArray<boolean>) => Parameter = column(PgTypes.OID.bool)
export const bytes: (values: ReadonlyArray<Uint8Array | null>) => Parameter = column(PgTypes.OID.bytea)
export const bigints = (values: ReadonlyArray<number | null>): Parameter =>
  column(PgTypes.OID.int8)(values.map((value) => (value === null ? null : BigInt(value))))

/** A column of many rows for each type. The values may have the form of either store. */
export const columnOf = {
  text: column(PgTypes.OID.text),
  whole: (values: ReadonlyArray<unknown>): Parameter =>
    column(PgTypes.OID.int8)(values.map((value) => (typeof value === "number" ? BigInt(value) : value))),
  flag: column(PgTypes.OID.bool),
  bytes: column(PgTypes.OID.bytea),
}

export const text: (value: string) => Parameter = PgTypes.text
export const int: (value: number) => Parameter = PgTypes.int4
export const boolean: (value: boolean) => Parameter = PgTypes.bool
export const bigint = (value: number | null): Parameter => PgTypes.int8(value === null ? null : BigInt(value))
