import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { ExpectedFault } from '../servers/expected-fault.ts'
import { projectRoot } from '../servers/project.ts'
import { hashOf } from './freshness.ts'

const emailSources = 'libs/*/src/**/*.mjml'

/**
 * Compiles each `libs/<lib>/src/emails/<name>.mjml` to `generated/<name>.html.ts` beside it. A file without an
 * `<mjml>` element of its own is a part that others include. `{{placeholders}}` stay for the run time, which
 * escapes what it puts there.
 */
export async function compileEmails(report: (line: string) => void) {
  const sources = globSync(emailSources, { cwd: projectRoot })
  const emails = sources
    .filter(isWholeEmail)
    .map((source) => ({ source, output: outputOf(source) }))
  const outputs = emails.map((email) => email.output)
  const heading = `// Generated; do not edit. Sources: ${hashOf(sources, mjmlVersion())}\n`
  removeOrphans(outputs)
  if (outputs.every((output) => startsWith(output, heading))) return
  report('Compiling the e-mail templates')
  const mjml = loadMjml()
  for (const { source, output } of emails) {
    const html = await compile(mjml, source)
    mkdirSync(join(projectRoot, dirname(output)), { recursive: true })
    writeFileSync(
      join(projectRoot, output),
      `${heading}export const html = ${JSON.stringify(html)}\n`,
    )
  }
}

/** Takes over a second, so only when there is something to compile; it has no types. */
function loadMjml() {
  const loaded = createRequire(import.meta.url)('mjml') as Mjml | { default: Mjml }
  return typeof loaded === 'function' ? loaded : loaded.default
}

type Mjml = (source: string, options: object) => Promise<{ html: string }>

function isWholeEmail(source: string) {
  return /\/emails\/[^/]+$/.test(source) && /<mjml[\s>]/.test(readSource(source))
}

function outputOf(source: string) {
  return join(dirname(source), 'generated', `${basename(source, '.mjml')}.html.ts`)
}

function removeOrphans(outputs: string[]) {
  for (const found of globSync('libs/*/src/emails/generated/*.html.ts', { cwd: projectRoot }))
    if (!outputs.includes(found)) rmSync(join(projectRoot, found))
}

async function compile(mjml: Mjml, source: string) {
  try {
    const { html } = await mjml(readSource(source), {
      filePath: join(projectRoot, source),
      validationLevel: 'strict',
      ignoreIncludes: false,
      includePath: [join(projectRoot, 'libs')],
      keepComments: false,
      // No mail asks another host for a font.
      fonts: {},
    })
    return html
  } catch (error) {
    throw new ExpectedFault(`${source}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function readSource(source: string) {
  return readFileSync(join(projectRoot, source), 'utf8')
}

function startsWith(output: string, heading: string) {
  const path = join(projectRoot, output)
  return existsSync(path) && readFileSync(path, 'utf8').startsWith(heading)
}

function mjmlVersion() {
  const manifest = readFileSync(join(projectRoot, 'node_modules/mjml/package.json'), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}
