// Holds an OpenAPI document against the standard and the rules of Redocly's linter: node tools/docs/lint-openapi.ts FILE
import { readFileSync } from 'node:fs'
import { createConfig, lintFromString } from '@redocly/openapi-core'

const [path = 'docs/openapi.json'] = process.argv.slice(2)

const config = await createConfig({
  extends: ['recommended-strict'],
  rules: {
    'operation-operationId-unique': 'error',
    'operation-summary': 'error',
    'no-invalid-media-type-examples': 'error',
    'no-invalid-parameter-examples': 'error',
    'no-invalid-schema-examples': 'error',
    'tag-description': 'error',
    // The kit has a licence; the API that somebody builds with it may have none.
    'info-license': 'off',
    // Every problem and header field that the platform knows has an entry, used or not.
    'no-unused-components': 'off',
    // Where it runs is for whoever runs it: the document names the server that it came from.
    'no-server-example.com': 'off',
  },
})

const problems = await lintFromString({
  source: readFileSync(path, 'utf8'),
  // Taken for a URL: a path may hold what means something else there.
  absoluteRef: 'openapi.json',
  config,
})
for (const { ruleId, message, location } of problems)
  process.stdout.write(`${ruleId} ${location[0]?.pointer ?? ''}: ${message}\n`)
process.exitCode = problems.length > 0 ? 1 : 0
