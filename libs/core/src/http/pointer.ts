/** Names of members and indexes of items, from the outside in. */
export type Path = readonly PropertyKey[]

const longestName = 64
const longestPointer = 256

/** Stands for the rest of a name, and of a pointer. */
const rest = '…'

/**
 * JSON pointer (RFC 6901) to a member below one part of a request. A name of more than 64
 * characters is cut, and so is a pointer of more than 256: a body can hold names as long as itself.
 */
export function pointerTo(part: string, path: Path): string {
  let pointer = `/${part}`
  for (const name of path) {
    const further = `/${escape(shorten(String(name)))}`
    if (pointer.length + further.length > longestPointer - `/${rest}`.length)
      return `${pointer}/${rest}`
    pointer += further
  }
  return pointer
}

const escape = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1')

/** Half of a surrogate pair at the cut goes as well. */
const shorten = (name: string): string =>
  name.length <= longestName
    ? name
    : name.slice(0, longestName - rest.length).replace(/\p{Surrogate}$/u, '') + rest
