import { createCatalogue, describeApi } from '@ashlar/core/http'
import { composeForDocs } from './compose-for-docs.ts'

/** The document that the api serves at `/openapi.json`, with the defaults of every setting: a change of the wire shows in review. */
export function describeOpenApi(): string {
  const { core, modules } = composeForDocs()
  const { appName, problemBaseUrl } = core.config
  const routes = modules.flatMap((module) => module.routes ?? []).flatMap(({ list }) => list)
  const errors = modules.flatMap((module) => module.errors ?? [])
  const catalogue = createCatalogue(problemBaseUrl, errors)
  return `${JSON.stringify(describeApi({ appName, routes, catalogue }), undefined, 2)}\n`
}
