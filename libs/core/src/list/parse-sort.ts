import type { ListFault } from './list-fault.ts'

export interface SortItem {
  field: string
  direction: 'asc' | 'desc'
}

/** How many fields a sort may name. Each further key costs a comparison of rows. */
export const mostSortItems = 8

/** Reads `createdAt:desc,username`. One pass over the text. */
export function parseSort(text: string, allowed: ReadonlySet<string>) {
  const items: SortItem[] = []
  const faults: ListFault[] = []
  let position = 0
  for (const [index, part] of text.split(',').entries()) {
    if (index === mostSortItems) {
      faults.push({
        position,
        code: 'too_big',
        detail: `Sorts by at most ${mostSortItems} fields.`,
      })
      break
    }
    readItem(part, position)
    position += part.length + 1
  }
  return { items, faults }

  function readItem(part: string, position: number): void {
    const [field = '', direction = 'asc', ...more] = part.split(':')
    const fault = (code: string, detail: string, at = position) =>
      faults.push({ position: at, code, detail })
    const blank = part.search(/\s/)
    if (blank !== -1) fault('invalid_syntax', 'No blank belongs here.', position + blank)
    else if (field === '') fault('invalid_syntax', 'Expected a field.')
    else if (!allowed.has(field))
      fault('unknown_field', `Sorts by ${[...allowed].join(', ')} only.`)
    else if ((direction !== 'asc' && direction !== 'desc') || more.length > 0)
      fault('invalid_direction', 'Must be asc or desc.', position + field.length + 1)
    else if (items.some((item) => item.field === field))
      fault('duplicate_field', 'The field is there already.')
    else items.push({ field, direction })
  }
}
