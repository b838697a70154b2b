import type { InputFault } from '@ashlar/core/errors'
import { html, type Html } from '@ashlar/core/http'

export interface LinkFormProps {
  appName: string
  /** The token that the link brought, or the form before. */
  token: string
  /** Why the form is shown again, or why its link is of no use. */
  faults: readonly InputFault[]
}

export const tokenPointer = '/body/token'

/**
 * A form that carries the token of a link. Its action is relative, because a proxy may serve the
 * api below a path of its own.
 */
export const linkForm = (path: string, { token, faults }: LinkFormProps, fields: Html): Html =>
  html`${alertOf(faults)}
    <form method="post" action="${path.slice(1)}">
      <input type="hidden" name="token" value="${token}" />
      ${fields}
    </form>`

/** The faults that belong to no field which a person sees. */
function alertOf(faults: readonly InputFault[]): Html {
  const text = faults.some(({ pointer }) => pointer === tokenPointer)
    ? 'This link is not complete. Open it from the mail again, or copy all of it.'
    : (faults.find(({ pointer }) => !isField(pointer))?.detail ?? '')
  return text === '' ? html`` : html`<p class="alert" role="alert">${text}</p>`
}

const isField = (pointer: string): boolean => pointer === '/body/password'
