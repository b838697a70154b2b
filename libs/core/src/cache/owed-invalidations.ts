export interface Invalidations {
  tags: Set<string>
  keys: Set<string>
  /** In place of more than can be remembered. */
  everything: boolean
}

const mostRemembered = 10_000

/** Invalidations that Redis has not confirmed. */
export function createOwedInvalidations() {
  let owed = none()
  return { add, isEmpty, settle }

  function add(tags: Iterable<string>, keys: Iterable<string>, everything = false): void {
    for (const tag of tags) owed.tags.add(tag)
    for (const key of keys) owed.keys.add(key)
    if (everything || owed.tags.size + owed.keys.size > mostRemembered)
      owed = { ...none(), everything: true }
  }

  function isEmpty(): boolean {
    return owed.tags.size === 0 && owed.keys.size === 0 && !owed.everything
  }

  /** What fails stays owed. */
  async function settle(carryOut: (owed: Invalidations) => Promise<void>): Promise<void> {
    if (isEmpty()) return
    const { tags, keys, everything } = owed
    owed = none()
    try {
      await carryOut({ tags, keys, everything })
    } catch (error) {
      add(tags, keys, everything)
      throw error
    }
  }
}

const none = (): Invalidations => ({ tags: new Set(), keys: new Set(), everything: false })
