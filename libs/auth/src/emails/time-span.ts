const units = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const

/** In the largest unit that it is whole in: `15 minutes`, `1 day`. */
export function timeSpan(ms: number): string {
  const [name, size] = units.find(([, size]) => ms % size === 0) ?? (['second', 1_000] as const)
  const count = Math.floor(ms / size)
  return `${count} ${name}${count === 1 ? '' : 's'}`
}
