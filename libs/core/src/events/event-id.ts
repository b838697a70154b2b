/** Lower than the id of any event. */
export const lowestId = '00000000-0000-0000-0000-000000000000'

/**
 * The lowest id of an event of this time. The ids are UUIDs of version 7, which begin with their
 * time (RFC 9562 §5.7): the primary key finds the old ones.
 */
export function idAt(time: Date): string {
  const hex = Math.max(time.getTime(), 0).toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`
}
