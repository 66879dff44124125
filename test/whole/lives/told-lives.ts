import { readdirSync, readFileSync } from "node:fs"
import { basename } from "node:path"
import { ToldLife } from "@loan-engine/app/sandbox/told-life"
import { Schema } from "effect"

const directory = new URL("../../../docs/lives/", import.meta.url)

export const decodeLife = Schema.decodeUnknownSync(Schema.fromJsonString(ToldLife), {
  onExcessProperty: "error",
})

/** The library of lives, by file name. */
export const toldLives = readdirSync(directory)
  .map((file) => ({
    slug: basename(file, ".json"),
    life: decodeLife(readFileSync(new URL(file, directory), "utf8")),
  }))
  .toSorted((one, other) => (one.slug < other.slug ? -1 : 1))
