/** Markup that may go to a browser as it stands. */
export interface Html {
  readonly markup: string
}

/** Builds markup; what is put in as text is escaped. */
export function html(parts: TemplateStringsArray, ...values: (string | Html)[]): Html {
  const inserted = values.map((value) => (typeof value === 'string' ? escape(value) : value.markup))
  return { markup: String.raw({ raw: parts }, ...inserted) }
}

const escape = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
