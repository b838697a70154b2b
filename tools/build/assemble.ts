// node tools/build/assemble.ts, after `nx run-many -t build`: gathers in dist/ashlar what an image or a server needs.
// There, `npm ci --omit=dev` installs the packages, and `node apps/api/main.js` runs.
import { cpSync, existsSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ExpectedFault, runMain } from '../servers/expected-fault.ts'
import { ensureFolder, projectRoot } from '../servers/project.ts'

const target = join(projectRoot, 'dist/ashlar')
/** What an operator runs beside the processes. */
const operatorTools = ['tools/db', 'tools/tasks', 'tools/events']
const leftBehind = ['scripts', 'type', 'exports', 'devDependencies']

await runMain(async () => {
  const bundles = expectedBundles()
  const missing = bundles.find((bundle) => !existsSync(join(projectRoot, 'dist', bundle)))
  if (missing) throw new ExpectedFault(`dist/${missing} is missing: run \`nx run-many -t build\`.`)
  rmSync(target, { recursive: true, force: true })
  ensureFolder(target)
  for (const bundle of bundles) copyBundle(bundle)
  for (const manifest of manifests()) writeManifest(manifest)
  for (const path of ['package-lock.json', 'prisma/schema', 'prisma/migrations']) copy(path)
  if (existsSync(join(projectRoot, '.npmrc'))) copy('.npmrc')
})

function expectedBundles() {
  const apps = globSync('apps/*/package.json', { cwd: projectRoot }).map(dirname)
  return [...apps, ...operatorTools].map((folder) => `${folder}/main.js`)
}

function copyBundle(bundle: string) {
  for (const name of [bundle, `${bundle}.map`])
    cpSync(join(projectRoot, 'dist', name), join(target, name))
}

function manifests() {
  const { workspaces } = readManifest('package.json') as { workspaces: string[] }
  const patterns = workspaces.map((pattern) => `${pattern}/package.json`)
  return ['package.json', ...globSync(patterns, { cwd: projectRoot })]
}

/**
 * Scripts and sources stay behind, and bundles are CommonJS. devDependencies too: `@prisma/client` names the Prisma CLI and TypeScript as optional
 * peers, so that `npm ci --omit=dev` would install both (250 MB) as long as a manifest has them.
 */
function writeManifest(path: string) {
  const kept = Object.entries(readManifest(path)).filter(([key]) => !leftBehind.includes(key))
  ensureFolder(dirname(join(target, path)))
  writeFileSync(join(target, path), `${JSON.stringify(Object.fromEntries(kept), null, 2)}\n`)
}

function readManifest(path: string) {
  return JSON.parse(readFileSync(join(projectRoot, path), 'utf8')) as Record<string, unknown>
}

function copy(path: string) {
  cpSync(join(projectRoot, path), join(target, path), { recursive: true })
}
