import type { InputFault } from '../errors/index.ts'
import { pointerTo, type Path } from './pointer.ts'

/** More faults are of no use to a client. */
const mostFaults = 100

/**
 * Room for the faults in an answer, in bytes of JSON. The whole answer has 64 KiB, and the path,
 * which it repeats, takes up to 16 of them.
 */
const roomForFaults = 40 * 1024

const longestDetail = 500

/** After one of these, further faults of the same place say nothing new. */
const finalCodes = new Set(['duplicate', 'invalid_text', 'invalid_type', 'unknown'])

/** The faults of one request: as many as an answer lists are made, and the others only counted. */
export interface FaultList {
  /** The faults that an answer lists. */
  readonly made: readonly InputFault[]
  /** Counts every fault that was found, made or not. */
  count(): number
  /** Reports whether further faults are only counted. */
  isFull(): boolean
  /** Reports whether this place has a fault after which no other counts. */
  isSettled(part: string, path: Path): boolean
  /** Adds a fault. Builds its pointer only while the list has room. */
  add(part: string, path: Path, fault: Omit<InputFault, 'pointer'>): void
  /** Adds a fault that has its pointer already. */
  include(fault: InputFault): void
}

/** Makes an empty list. */
export function createFaultList(): FaultList {
  const made: InputFault[] = []
  const settled = new Set<string>()
  let room = roomForFaults
  let unlisted = 0
  return { made, count, isFull, isSettled, add, include }

  function count(): number {
    return made.length + unlisted
  }

  function isFull(): boolean {
    return unlisted > 0 || made.length === mostFaults
  }

  function isSettled(part: string, path: Path): boolean {
    return settled.has(placeOf(part, path))
  }

  function add(part: string, path: Path, fault: Omit<InputFault, 'pointer'>): void {
    if (isFull()) return countOnly()
    const place = placeOf(part, path)
    if (settled.has(place)) return
    if (finalCodes.has(fault.code)) settled.add(place)
    include({ pointer: pointerTo(part, path), ...fault })
  }

  function include(fault: InputFault): void {
    const whole = { ...fault, detail: shorten(fault.detail) }
    room -= Buffer.byteLength(JSON.stringify(whole)) + 1
    if (isFull() || room < 0) return countOnly()
    made.push(whole)
  }

  function countOnly(): void {
    unlisted += 1
  }
}

/** Unlike the pointer, it is not cut. */
const placeOf = (part: string, path: Path): string => JSON.stringify([part, ...path])

/** A schema may name all of its values in its message. */
const shorten = (detail: string): string =>
  detail.length <= longestDetail ? detail : `${detail.slice(0, longestDetail - 1).toWellFormed()}…`
