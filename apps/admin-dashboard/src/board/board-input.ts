import { requestSchemas } from '@bull-board/api/dist/schemas/requests.js'
import type { Request } from 'express'
import { z } from 'zod'
import { parseInput } from '@ashlar/core/http'
import type { BoardRoute } from './board.ts'

export interface BoardInput {
  query: Record<string, unknown>
  body: Record<string, unknown>
}

/** Reads a request as every route of the platform does, by the members that Bull-Board knows; it checks their values itself. */
export function createInputReader({ spec }: BoardRoute): (request: Request) => Promise<BoardInput> {
  const contract = {
    summary: spec.summary,
    params: z.looseObject({}),
    query: knownMembers(spec.query),
    body: spec.body === 'AddJobBody' ? AddJobBody : knownMembers(spec.body),
  }
  return async (request) => (await parseInput(request, contract)) as unknown as BoardInput
}

function knownMembers(name: keyof typeof requestSchemas | undefined): z.ZodObject {
  const names = name ? namesOf(requestSchemas[name]) : []
  return z.strictObject(Object.fromEntries(names.map((name) => [name, z.unknown().optional()])))
}

type Known = { entries: object } | { options: readonly Known[] }

const namesOf = (schema: Known): string[] =>
  'entries' in schema ? Object.keys(schema.entries) : schema.options.flatMap(namesOf)

/** Bull-Board would add a job without a name, which no worker knows. */
const AddJobBody = knownMembers('AddJobBody').extend({ name: z.string().min(1) })
