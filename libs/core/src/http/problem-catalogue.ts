import {
  databaseContention,
  databaseTimeout,
  databaseUnavailable,
  dependencyUnavailable,
  internalError,
  jobDead,
  jobRefused,
  jobUnfinished,
  jobUnknown,
  notFound,
  referenceBroken,
  statusOf,
  valueRefused,
  valueTaken,
  type ErrorFactory,
} from '../errors/index.ts'
import { httpErrors } from './errors.ts'

/** One problem as people and programs look it up. */
export interface CatalogueEntry {
  code: string
  type: string
  title: string
  status: number
  detail: string
  help: string
}

export type ProblemCatalogue = ReadonlyMap<string, CatalogueEntry>

const platformErrors = [
  notFound,
  valueTaken,
  referenceBroken,
  valueRefused,
  internalError,
  dependencyUnavailable,
  databaseUnavailable,
  databaseContention,
  databaseTimeout,
  jobDead,
  jobRefused,
  jobUnfinished,
  jobUnknown,
  ...httpErrors,
]

/**
 * Every problem that the process may answer, by code, in alphabetical order. Throws where two errors have one code.
 *
 * @example
 * const catalogue = createCatalogue(config.problemBaseUrl, [stoneTaken])
 */
export function createCatalogue(
  problemBaseUrl: string,
  moduleErrors: readonly ErrorFactory[],
): ProblemCatalogue {
  const catalogue = new Map<string, CatalogueEntry>()
  const definitions = [...new Set([...platformErrors, ...moduleErrors])]
  for (const definition of definitions.sort((a, b) => (a.code < b.code ? -1 : 1))) {
    if (catalogue.has(definition.code))
      throw new Error(`Two errors have the code ${definition.code}`)
    catalogue.set(definition.code, entryOf(problemBaseUrl, definition))
  }
  return catalogue
}

const entryOf = (
  problemBaseUrl: string,
  { code, kind, title, detail, help }: ErrorFactory,
): CatalogueEntry => ({
  code,
  type: `${problemBaseUrl}/${code}`,
  title,
  status: statusOf(kind),
  detail,
  help,
})
