/** Style of pages that are one card in the middle of the window, in light and dark. */
export const pageStylesheet = `:root {
  color-scheme: light dark;
  --page: light-dark(#f3f4f6, #151a21);
  --card: light-dark(#ffffff, #1d232c);
  --text: light-dark(#1f2328, #e6e9ee);
  --quiet: light-dark(#59636e, #9aa4b2);
  --line: light-dark(#8c959f, #59636e);
  --accent: light-dark(#0b57d0, #8ab4f8);
  --on-accent: light-dark(#ffffff, #10151c);
  --alert: light-dark(#a40e26, #ffb3ba);
  --alert-page: light-dark(#ffebe9, #4a1d22);
}
* { box-sizing: border-box }
body {
  display: grid; place-items: center; min-height: 100vh; margin: 0; padding: 1.5rem;
  font: 1rem/1.5 system-ui, sans-serif; color: var(--text); background: var(--page);
}
main {
  width: 100%; max-width: 24rem; padding: 2rem; border-radius: 12px; background: var(--card);
  box-shadow: 0 1px 3px rgb(0 0 0 / 0.2);
}
h1 { margin: 0 0 1rem; font-size: 1.5rem; line-height: 1.2 }
.brand { margin: 0 0 0.25rem; font-weight: 600 }
.brand span, .note { color: var(--quiet); font-weight: 400 }
.note { margin: 1.25rem 0 0; font-size: 0.875rem }
.alert { margin: 0 0 1rem; padding: 0.75rem 1rem; border-radius: 8px; color: var(--alert); background: var(--alert-page) }
.hint { margin: 0 0 0.5rem; font-size: 0.875rem; color: var(--quiet) }
.fault { margin: 0 0 0.5rem; color: var(--alert) }
label { display: block; margin: 0 0 0.25rem; font-weight: 500 }
input {
  width: 100%; margin: 0 0 1rem; padding: 0.625rem 0.75rem; border: 1px solid var(--line); border-radius: 8px;
  font: inherit; color: inherit; background: var(--page);
}
button {
  width: 100%; padding: 0.625rem 1rem; border: 0; border-radius: 8px;
  font: inherit; font-weight: 600; color: var(--on-accent); background: var(--accent); cursor: pointer;
}
input[aria-invalid='true'] { border-color: var(--alert) }
a { color: var(--accent) }
p { overflow-wrap: anywhere }
:is(input, button, a):focus-visible { outline: 3px solid var(--accent); outline-offset: 2px }
`
