/** Of `html-to-text`, which has no types for this version. */
interface Converter {
  convert(html: string, options: object): string
}

const link = { ignoreHref: false, hideLinkHrefIfSameAsText: true, linkBrackets: false }

const options = {
  // Mail readers wrap by themselves, and a broken link is none.
  wordwrap: false,
  selectors: [
    { selector: 'a', options: link },
    { selector: 'img', format: 'skip' },
    ...['h1', 'h2', 'h3'].map((selector) => ({ selector, options: { uppercase: false } })),
  ],
}

/** The text part of a mail that has only an HTML part. */
export function toPlainText(html: string): string {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- It takes 35 ms and 16 MB, and few mails need it.
  const { convert } = require('html-to-text') as Converter
  return `${convert(html, options)}\n`
}
