import { createHash } from 'node:crypto'
import { escapeHtml } from '../render-template.ts'
import type { AnyEmailTemplate } from '../define-email.ts'
import type { Email } from '../email.ts'

const style = `
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1.5rem; color: #1f2328; background: #fff }
h1 { font-size: 1.4rem } h2 { font-size: 1rem; margin-top: 2rem } a { color: #0b57d0 } li { margin: .4rem 0 } dt { color: #656d76 } dd { margin: 0 0 .5rem }
iframe { width: 100%; height: 40rem; border: 1px solid #d0d7de; background: #fff }
pre { white-space: pre-wrap; overflow-wrap: anywhere; border: 1px solid #d0d7de; padding: 1rem }
@media (prefers-color-scheme: dark) { body { color: #e6e6e6; background: #16181c } a { color: #8ab4f8 } }
`

/** For the policy of the pages, in which nothing else may give style. */
export const styleSource = `'sha256-${createHash('sha256').update(style).digest('base64')}'`

export function listPage(emails: readonly AnyEmailTemplate[]): string {
  const items = emails.map(({ template, secret }) => {
    const name = escapeHtml(template)
    return `<li><a href="/dev/mails/${name}">${name}</a>${secret ? ' (secret: never queued)' : ''}</li>`
  })
  return page('Mails', `<ul>${items.join('\n')}</ul>`)
}

export function emailPage(email: Email): string {
  const { template, to, subject, text, unsubscribeUrl } = email
  return page(
    template,
    `<p><a href="/dev/mails">All mails</a></p>
<dl>
<dt>To</dt><dd>${escapeHtml(to)}</dd>
<dt>Subject</dt><dd>${escapeHtml(subject)}</dd>
${unsubscribeUrl === undefined ? '' : `<dt>List-Unsubscribe</dt><dd>${escapeHtml(unsubscribeUrl)}</dd>`}
</dl>
<h2>HTML</h2>
<iframe title="HTML part" sandbox src="/dev/mails/${escapeHtml(template)}/html"></iframe>
<h2>Text</h2>
<pre>${escapeHtml(text)}</pre>`,
  )
}

const page = (title: string, body: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<h1>${escapeHtml(title)}</h1>
${body}
</body>
</html>
`
