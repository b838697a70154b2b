import type { FeatureModule } from '@ashlar/core/module'
import { composeForDocs } from './compose-for-docs.ts'
import { code, markdownTable } from './markdown-table.ts'

/** What each module serves, publishes, hears and runs, as the composed modules themselves say. */
export function describeModules(): string {
  const { modules } = composeForDocs()
  return [
    '# Modules',
    '',
    'Generated from the code by `npm run docs`; a test holds it against the code.',
    ...modules.map(describeModule),
    '',
  ].join('\n')
}

function describeModule(module: FeatureModule): string {
  const routes = (module.routes ?? []).flatMap(({ list }) => list)
  return [
    '',
    `## ${module.name}`,
    ...table(
      'Serves',
      ['Route', 'Guard', 'What'],
      routes.map(({ method, path, contract }) => [
        code(`${method.toUpperCase()} ${path}`),
        contract.guard ? code(contract.guard.name) : '',
        contract.summary,
      ]),
    ),
    ...table(
      'Publishes',
      ['Event', 'Payload'],
      (module.events ?? []).map(({ name, schema }) => [code(name), code(membersOf(schema))]),
    ),
    ...table(
      'Listens',
      ['Listener', 'Event'],
      (module.listeners ?? []).map(({ id, event }) => [code(id), code(event.name)]),
    ),
    ...table(
      'Runs',
      ['Task', 'Schedule'],
      (module.tasks ?? []).map(({ task, schedule }) => [
        code(task.name),
        schedule ? code(JSON.stringify(schedule)) : 'when enqueued',
      ]),
    ),
    ...table(
      'Sends',
      ['Mail', 'Subject'],
      (module.emails ?? []).map(({ template, render, sample }) => [
        code(template),
        render(sample).subject,
      ]),
    ),
    ...table(
      'Refuses with',
      ['Code', 'Kind', 'When'],
      (module.errors ?? []).map((error) => [code(error.code), error.kind, error.detail]),
    ),
  ].join('\n')
}

function table(title: string, head: string[], rows: string[][]): string[] {
  return rows.length === 0 ? [] : ['', `### ${title}`, '', ...markdownTable(head, rows)]
}

function membersOf(schema: object): string {
  const shape = 'shape' in schema ? Object.keys(schema.shape as object) : []
  return `{ ${shape.join(', ')} }`
}
