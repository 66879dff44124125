import { Schema } from "effect"

/** One or more settings are missing or wrong. The message names each of them and says what it should be. */
export class ConfigUnusable extends Schema.TaggedError<ConfigUnusable>()("ConfigUnusable", {
  message: Schema.String,
}) {}
