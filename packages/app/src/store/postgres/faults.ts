import { Effect } from "effect"
import type { Query } from "./run.ts"
import type { StoreUnavailable } from "../../ports/loan-store.ts"
import { text, texts } from "./parameters.ts"
import { postgresTables } from "./schema.ts"
import { postgresShape } from "./shape.ts"

/**
 * One line for each part of the schema that could change what is stored, read or counted: tables, columns,
 * constraints, indexes, triggers, rules, policies, and the clock function. A partition counts as its table. So a
 * partition that differs adds a line. People may add indexes for their own searches. So an index that is not unique
 * is listed only if it has the name of one of the engine's indexes.
 */
const shape = `
  WITH ours AS (
    SELECT c.oid, coalesce(parent.oid, c.oid) AS table_oid, coalesce(parent.relname, c.relname) AS name, c.relkind,
      c.relpersistence, c.relrowsecurity
    FROM pg_class c
    LEFT JOIN pg_inherits h ON h.inhrelid = c.oid
    LEFT JOIN pg_class parent ON parent.oid = h.inhparent AND c.relispartition
    WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1)
      AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND coalesce(parent.relname, c.relname) = ANY ($2::text[]))
  SELECT format('table %s%s', name, CASE
    WHEN relkind = 'p' THEN ' by ' || pg_get_partkeydef(oid)
    WHEN relkind <> 'r' THEN ' of kind ' || relkind::text END) AS line
  FROM ours WHERE oid = table_oid
  UNION SELECT format('table %s is not logged', name) FROM ours WHERE relpersistence <> 'p'
  UNION SELECT format('table %s hides rows by policies', name) FROM ours WHERE relrowsecurity
  UNION SELECT format('table %s has another table''s rows among its own', name)
  FROM ours JOIN pg_inherits h ON h.inhparent = ours.oid WHERE relkind = 'r'
  UNION SELECT format('table %s lacks partitions', name)
  FROM ours JOIN pg_inherits h ON h.inhparent = ours.oid JOIN pg_class part ON part.oid = h.inhrelid
  WHERE ours.relkind = 'p' GROUP BY name
  HAVING count(*) <> max(substring(pg_get_expr(part.relpartbound, part.oid) FROM 'modulus ([0-9]+)')::int)
  UNION SELECT format('column %s.%s %s%s%s%s%s', name, attname, format_type(atttypid, atttypmod),
    CASE WHEN attcollation <> typcollation THEN ' collate ' || collname END,
    CASE WHEN attnotnull THEN ' not null' END,
    ' default ' || pg_get_expr(adbin, adrelid),
    CASE WHEN attgenerated <> '' OR attidentity <> '' THEN ' generated' END)
  FROM ours JOIN pg_attribute a ON a.attrelid = ours.oid JOIN pg_type t ON t.oid = atttypid
  LEFT JOIN pg_collation k ON k.oid = attcollation
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  WHERE attnum > 0 AND NOT attisdropped
  UNION SELECT format('constraint %s %s', name, pg_get_constraintdef(k.oid))
  FROM ours JOIN pg_constraint k ON k.conrelid = ours.oid WHERE contype IN ('c', 'f', 'x')
  UNION SELECT format('index %s %s%s%s', name, coalesce(whole.relname || ' ', ''), substring(pg_get_indexdef(i.indexrelid) FROM 'USING .*'),
    CASE WHEN i.indisprimary THEN ' primary key' WHEN i.indisunique THEN ' unique' END)
  FROM ours JOIN pg_index i ON i.indrelid = ours.oid JOIN pg_class own ON own.oid = i.indexrelid
  LEFT JOIN pg_inherits h ON h.inhrelid = own.oid
  CROSS JOIN LATERAL (SELECT CASE WHEN i.indisprimary THEN NULL ELSE coalesce(h.inhparent, own.oid) END AS oid) AS named
  LEFT JOIN pg_class whole ON whole.oid = named.oid
  WHERE i.indisunique OR whole.relname = ANY ($3::text[])
  UNION SELECT format('index %s is damaged or was never completed', own.relname)
  FROM ours JOIN pg_index i ON i.indrelid = ours.oid JOIN pg_class own ON own.oid = i.indexrelid
  WHERE NOT (i.indisvalid AND i.indisready)
  UNION SELECT format('trigger %s on %s', tgname, name)
  FROM ours JOIN pg_trigger t ON t.tgrelid = ours.oid WHERE NOT tgisinternal
  UNION SELECT format('rule %s on %s', rulename, name) FROM ours JOIN pg_rewrite r ON r.ev_class = ours.oid WHERE relkind <> 'v'
  UNION SELECT format('function %s(%s) %s', proname, pg_get_function_identity_arguments(oid), trim(prosrc))
  FROM pg_proc WHERE pronamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1) AND proname = 'clock_ms'`

/** The lines for the schema as it is now. */
const shapeOf = (query: Query, schema: string): Effect.Effect<ReadonlyArray<string>, StoreUnavailable> =>
  Effect.map(query(shape, [text(schema), texts(Object.keys(postgresTables)), texts(ourIndexes)]), (rows) =>
    rows.map((row) => String(row["line"])).toSorted(),
  )

const ourIndexes = postgresShape.flatMap((line) => /^index \w+ (\w+) USING/u.exec(line)?.[1] ?? [])

/**
 * The differences between the schema and what the migrations made. The server checks its own pages, so this does not.
 */
export const postgresFaults = (
  query: Query,
  schema: string,
): Effect.Effect<ReadonlyArray<string>, StoreUnavailable> =>
  Effect.map(shapeOf(query, schema), (found) => {
    const [is, made] = [new Set(found), new Set(postgresShape)]
    return [
      ...postgresShape.filter((line) => !is.has(line)).map((line) => `The schema lacks: ${line}`),
      ...found.filter((line) => !made.has(line)).map((line) => `The schema has an unknown part: ${line}`),
    ]
  })
