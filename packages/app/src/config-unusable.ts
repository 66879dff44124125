import { Schema } from "effect"

/** A setting is missing or wrong; the message names it and says what it should be. */
export class ConfigUnusable extends Schema.TaggedError<ConfigUnusable>()("ConfigUnusable", {
  message: Schema.String,
}) {}
