// `node tools/boundaries/lint-texts.ts` reads a list of `{ filePath, text }` from its standard input and prints, for each, what the
// project's own ESLint configuration would say if the file held this text. A process of its own, because Jest cannot load that configuration.
import { text } from 'node:stream/consumers'
import { ESLint } from 'eslint'

const eslint = new ESLint()
const files = JSON.parse(await text(process.stdin)) as { filePath: string; text: string }[]
const found: { rule: string | null; message: string }[][] = []
for (const { filePath, text } of files) {
  const [result] = await eslint.lintText(text, { filePath })
  found.push((result?.messages ?? []).map(({ ruleId, message }) => ({ rule: ruleId, message })))
}
process.stdout.write(JSON.stringify(found))
