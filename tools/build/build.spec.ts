import { statSync } from 'node:fs'
import { join } from 'node:path'
import { createSandbox, type Sandbox } from '../dev/testing/sandbox.ts'

let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await createSandbox()
  command('build', `await import('../build/build.ts')`)
  command(
    'emails',
    `import { compileEmails } from '../build/compile-emails.ts'
import { runMain } from '../servers/expected-fault.ts'
await runMain(() => compileEmails(console.log))`,
  )
})
afterAll(() => sandbox.remove())

describe('a bundle', () => {
  it('holds our own code, leaves packages outside, and has a source map', async () => {
    sandbox.write(
      'apps/api/src/main.ts',
      `import express from 'express'\nimport { answer } from './answer.ts'\nimport '@ashlar/modules/config'\nconsole.log(express, answer)\n`,
    )
    sandbox.write('apps/api/src/answer.ts', `export const answer: number = 40 + 2\n`)
    expect(await sandbox.run('build', ['apps/api'])).toEqual({ code: 0, output: '' })
    const code = sandbox.read('dist/apps/api/main.js')
    expect(code).toContain('40 + 2')
    expect(code).toContain('require("express")')
    expect(code).not.toContain('require("@ashlar/')
    expect(code).toContain('//# sourceMappingURL=main.js.map')
    expect(statSync(join(sandbox.root, 'dist/apps/api/main.js.map')).size).toBeGreaterThan(100)
  })

  it('that cannot be made is explained with file and line', async () => {
    sandbox.write('apps/api/src/main.ts', `import './missing.ts'\n`)
    const { code, output } = await sandbox.run('build', ['apps/api'])
    expect(code).toBe(1)
    expect(output).toContain('apps/api/src/main.ts:1:7')
    expect(output).not.toMatch(/\n\s+at /)
  })
})

describe('an e-mail template', () => {
  const compiled = 'libs/shop/src/emails/generated/receipt.html.ts'

  beforeAll(() => {
    sandbox.write('libs/core/src/mail/footer.mjml', '<mj-text>All the best</mj-text>')
    sandbox.write(
      'libs/shop/src/emails/receipt.mjml',
      `<mjml><mj-body><mj-section><mj-column>
<mj-button href="{{link}}">Hello {{name}}</mj-button>
<mj-include path="../../../core/src/mail/footer.mjml" />
</mj-column></mj-section></mj-body></mjml>`,
    )
  })

  it('becomes HTML with its parts included and its placeholders kept, and asks no other host', async () => {
    await sandbox.run('emails')
    const html = sandbox.read(compiled)
    expect(html).toContain('export const html = "<!doctype html>')
    for (const text of ['All the best', 'Hello {{name}}', 'href=\\"{{link}}\\"'])
      expect(html).toContain(text)
    expect(html).not.toMatch(/fonts\.googleapis|@import/)
  })

  it('is compiled again only when it or a part of it changed', async () => {
    expect((await sandbox.run('emails')).output).toBe('')
    sandbox.write('libs/core/src/mail/footer.mjml', '<mj-text>See you</mj-text>')
    expect((await sandbox.run('emails')).output).toBe('Compiling the e-mail templates\n')
    expect(sandbox.read(compiled)).toContain('See you')
  })

  it('with a fault is refused with its name and the fault', async () => {
    sandbox.write(
      'libs/shop/src/emails/receipt.mjml',
      '<mjml><mj-body><mj-texd>x</mj-texd></mj-body></mjml>',
    )
    const { code, output } = await sandbox.run('emails')
    expect(code).toBe(1)
    expect(output).toMatch(/libs\/shop\/src\/emails\/receipt\.mjml: [\s\S]*mj-texd/)
  })
})

function command(name: string, text: string) {
  sandbox.write(`tools/dev/${name}.ts`, text)
}
