/** What fills the placeholders of a template, by name. */
export type TemplateProps = Readonly<Record<string, string | number>>

const placeholder = /\{\{\s*([^{}\s]+)\s*\}\}/g
const opensAddress = /\b(href|src|action)\s*=\s*["']?$/i

/**
 * Fills the `{{placeholders}}` of a compiled template; whatever a prop holds appears as text. Where a placeholder begins an address
 * (`href="{{url}}"`), its prop must be an http or https URL. A placeholder without its prop, or the other way round, is a defect.
 *
 * @example
 * renderTemplate('<p>Hello {{name}}</p>', { name: 'A & B' }) // '<p>Hello A &amp; B</p>'
 */
export function renderTemplate(html: string, props: TemplateProps): string {
  const unused = new Set(Object.keys(props))
  const filled = html.replace(placeholder, (_, name: string, at: number) => {
    const value = Object.hasOwn(props, name) ? props[name] : undefined
    if (value === undefined) throw new Error(`The template needs a prop "${name}"`)
    unused.delete(name)
    if (opensAddress.test(html.slice(Math.max(0, at - 20), at))) refuseUnlessUrl(name, value)
    return escapeHtml(String(value))
  })
  if (unused.size > 0)
    throw new Error(`The template has no placeholder for ${[...unused].join(', ')}`)
  return filled
}

function refuseUnlessUrl(name: string, value: string | number): void {
  const url = URL.parse(String(value))
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:')
    throw new Error(`The prop "${name}" must be an http or https URL`)
}

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Makes text of what might be markup. */
export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => entities[character] ?? '')
