import { renderTemplate } from './render-template.ts'

describe('a rendered template', () => {
  it('shows props as text, whatever they hold', () => {
    expect(renderTemplate('<p>{{ name }}, {{count}}</p>', { name: `<b>"A" & 'B'`, count: 3 })).toBe(
      '<p>&lt;b&gt;&quot;A&quot; &amp; &#39;B&#39;, 3</p>',
    )
  })

  it('does not fill what a prop brings', () => {
    expect(renderTemplate('{{a}}{{b}}', { a: '{{b}}', b: '$&' })).toBe('{{b}}$&amp;')
  })

  it.each([
    ['a placeholder without its prop', '{{name}}', {}],
    ['a placeholder that only an object’s prototype has', '{{toString}}', {}],
    ['a prop without a placeholder', 'Hello', { name: 'Ada' }],
  ])('fails for %s', (_what, html, props) => {
    expect(() => renderTemplate(html, props)).toThrow(/needs a prop|has no placeholder/)
  })

  it.each([
    'javascript:alert(1)',
    ' javascript:alert(1)',
    'data:text/html,x',
    '//evil',
    'docs',
    '',
  ])('does not link to %j', (url) => {
    expect(() => renderTemplate('<a href="{{url}}">x</a>', { url })).toThrow('must be an http')
  })

  it('links to an http or https URL and escapes it', () => {
    expect(renderTemplate('<a href="{{url}}">x</a>', { url: 'https://a.example/?b="1"&c=2' })).toBe(
      '<a href="https://a.example/?b=&quot;1&quot;&amp;c=2">x</a>',
    )
  })
})
