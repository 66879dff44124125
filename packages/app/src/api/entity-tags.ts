/** One entity tag of a header. `opaque` is the text between the quotes. */
export interface EntityTag {
  readonly isWeak: boolean
  readonly opaque: string
}

/** One member of a list: an entity tag, or nothing. Empty members must be ignored (RFC 9110, 5.6.1 and 8.8.3). */
const member = /[ \t]*(?:(W\/)?"([!\x23-\x7e\x80-\xff]*)")?[ \t]*(?:,|$)/uy

/** Reads `If-Match` or `If-None-Match`: `*`, or a list of entity tags. `undefined` if the header is neither. */
export function entityTags(header: string): "*" | ReadonlyArray<EntityTag> | undefined {
  if (header.trim() === "*") return "*"
  const tags: Array<EntityTag> = []
  for (let at = 0; at < header.length; at = member.lastIndex) {
    member.lastIndex = at
    const [found, weak, opaque] = member.exec(header) ?? []
    if (found === undefined) return undefined
    if (opaque !== undefined) tags.push({ isWeak: weak !== undefined, opaque })
  }
  return tags.length === 0 ? undefined : tags
}
