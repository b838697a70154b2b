import type { z } from 'zod'
import { assertQualifiedName, checkPayload } from '../queue/index.ts'
import type { Email } from './email.ts'
import { toPlainText } from './plain-text.ts'

/** What a template makes of its props. Without a text part, one is made of the HTML. */
export type EmailContent = Omit<Email, 'template' | 'text'> & Partial<Pick<Email, 'text'>>

export interface EmailOptions<Schema extends z.ZodType> {
  /** Props that show the mail at its best, for the preview. */
  sample: z.input<Schema>
  /** A pure function. */
  render(props: z.output<Schema>): EmailContent
  /** Whether a prop is a secret, such as a token. Such a mail is sent at once or not at all: no job may hold it. */
  secret?: boolean
}

/** A template of some props, as lists of them hold it. */
export interface AnyEmailTemplate {
  template: string
  schema: z.ZodType
  sample: unknown
  secret: boolean
  /** Throws if the props break the schema. */
  render(props: unknown): Email
}

/** A kind of mail. It is the function that makes one. */
export interface EmailTemplate<Schema extends z.ZodType = z.ZodType> extends AnyEmailTemplate {
  (props: z.input<Schema>): Email
}

/**
 * Declares a kind of mail. Members that the schema does not name are left out of the props, so a whole row may be passed. Throws if the name
 * is not `<module>.<what>`; the template throws if its props break the schema.
 *
 * @example
 * const invitation = defineEmail('projects.invitation', z.object({ to: z.string(), project: z.string() }), {
 *   sample: { to: 'ada@example.com', project: 'Bridge' },
 *   render: ({ to, project }) => ({
 *     to,
 *     subject: `You are invited to ${project}`,
 *     html: renderTemplate('<p>Come and build {{project}} with us.</p>', { project }),
 *   }),
 * })
 *
 * await mailer.send(invitation({ to: 'ben@example.com', project: 'Arch' }), { messageId: delivery.id })
 */
export function defineEmail<Schema extends z.ZodType>(
  template: string,
  schema: Schema,
  { sample, render: renderContent, secret = false }: EmailOptions<Schema>,
): EmailTemplate<Schema> {
  assertQualifiedName(template)
  const render = (props: unknown): Email => {
    const content = renderContent(checkPayload({ name: template, schema }, props))
    return { template, ...content, text: content.text ?? toPlainText(content.html) }
  }
  return Object.assign((props: z.input<Schema>) => render(props), {
    template,
    schema,
    sample,
    secret,
    render,
  })
}
