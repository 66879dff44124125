/** One entity tag in a header. The text between the quotes is `opaque`. */
export interface EntityTag {
  readonly isWeak: boolean
  readonly opaque: string
}

/**
 * One member of a list: an entity tag, or an empty member, which HTTP tells readers to ignore (RFC 9110, 5.6.1 and
 * 8.8.3).
 */
const member = /[ \t]*(?:(W\/)?"([!\x23-\x7e\x80-\xff]*)")?[ \t]*(?:,|$)/uy

/** The content of `If-Match` or `If-None-Match`: `*`, or a list of entity tags. `undefined` if it is neither. */
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
