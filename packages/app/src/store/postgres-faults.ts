import { Effect } from "effect"
import type { Query } from "./postgres-run.ts"
import type { StoreUnavailable } from "../loan-store.ts"
import { text, texts } from "./postgres-parameters.ts"
import { clockBody, postgresIndexes, postgresTables } from "./postgres-schema.ts"

/**
 * What of the schema is not as the migrations make it and could change what is stored, read or counted: a trigger, a rule or
 * a policy on a row, a check or a unique index that could refuse one, a table that is not logged, an index or a primary key that is
 * gone or damaged, another clock. The server checks its own pages.
 */
const faults = `
  WITH ours AS (
    SELECT c.oid, c.relname, c.relrowsecurity, c.relpersistence FROM pg_class c
    WHERE c.relnamespace = to_regnamespace($1) AND c.relkind IN ('r', 'p'))
  SELECT format('The table %s has a trigger %s, which is not ours', relname, tgname) AS fault
  FROM ours JOIN pg_trigger t ON t.tgrelid = ours.oid WHERE NOT t.tgisinternal
  UNION ALL SELECT format('The table %s has a rule %s, which is not ours', relname, rulename)
  FROM ours JOIN pg_rewrite r ON r.ev_class = ours.oid
  UNION ALL SELECT format('The table %s hides rows by policies, which are not ours', relname)
  FROM ours WHERE relrowsecurity
  UNION ALL SELECT format('The table %s is not logged, so a crash of the server empties it. Run: ALTER TABLE %s SET LOGGED', relname, relname)
  FROM ours WHERE relpersistence <> 'p'
  UNION ALL SELECT format('The table %s has a check %s, which is not ours', relname, conname)
  FROM ours JOIN pg_constraint k ON k.conrelid = ours.oid WHERE k.contype = 'c' AND relname <> 'feed_origin'
  UNION ALL SELECT format('The index %s allows no duplicates, and is not ours', c.relname)
  FROM ours JOIN pg_index i ON i.indrelid = ours.oid JOIN pg_class c ON c.oid = i.indexrelid
  WHERE i.indisunique AND NOT i.indisprimary AND NOT c.relispartition AND NOT c.relname = ANY ($2::text[])
  UNION ALL SELECT format('The index %s is missing', name)
  FROM unnest($2::text[]) AS name
  WHERE NOT EXISTS (SELECT 1 FROM pg_class c WHERE c.relnamespace = to_regnamespace($1) AND c.relname = name)
  UNION ALL SELECT format('The index %s is damaged or was never completed', c.relname)
  FROM ours JOIN pg_index i ON i.indrelid = ours.oid JOIN pg_class c ON c.oid = i.indexrelid
  WHERE NOT (i.indisvalid AND i.indisready)
  UNION ALL SELECT format('The table %s has no primary key', name)
  FROM unnest($3::text[]) AS name
  WHERE NOT EXISTS (
    SELECT 1 FROM ours JOIN pg_constraint k ON k.conrelid = ours.oid WHERE ours.relname = name AND k.contype = 'p')
  UNION ALL SELECT 'The function clock_ms is not as the migrations made it'
  WHERE NOT EXISTS (
    SELECT 1 FROM pg_proc p
    WHERE p.pronamespace = to_regnamespace($1) AND p.proname = 'clock_ms' AND p.prosrc = $4)
  ORDER BY fault`

export const postgresFaults = (
  query: Query,
  schema: string,
): Effect.Effect<ReadonlyArray<string>, StoreUnavailable> =>
  Effect.map(
    query(faults, [
      text(schema),
      texts(postgresIndexes),
      texts(Object.keys(postgresTables)),
      text(clockBody),
    ]),
    (rows) => rows.map((row) => String(row["fault"])),
  )
