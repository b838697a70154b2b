import { z } from 'zod'
import { isSecretName } from '../logging/index.ts'
import {
  checkPayload,
  defineTask,
  handle,
  moduleOf,
  readPayload,
  type JobOptions,
  type TaskDefinition,
  type TaskHandler,
} from '../queue/index.ts'
import { checkEmail } from './check-email.ts'
import type { AnyEmailTemplate, EmailTemplate } from './define-email.ts'
import type { Mailer } from './mailer.ts'

export interface MailQueue {
  /**
   * Writes a mail down on the store's connection, as its template and its props: inside a transaction it is sent if the rest happened, or not at
   * all, and then survives the mail server, Redis and the process. A worker renders and sends it, trying for about a day. Throws if the props
   * break the schema, if the template is secret or a prop is named like a secret, and `mail.refused` for a mail that could never be sent.
   *
   * @example
   * await store.transaction(async (store) => {
   *   const stone = await store.stones.create(values)
   *   await store.mail.queue(stoneReady, stone)
   * })
   */
  queue<Schema extends z.ZodType>(
    template: EmailTemplate<Schema>,
    props: z.input<Schema>,
    options?: Pick<JobOptions, 'delay' | 'priority'>,
  ): Promise<void>
}

const QueuedEmail = z.object({ template: z.string(), props: z.unknown() })

/** Its jobs live with the module of the template, so that the processes that host the module send them. */
const sendEmail = (module: string): TaskDefinition<typeof QueuedEmail> =>
  // The pauses grow from a second to an hour: about a day, as a listener has.
  defineTask(`${module}.send-email`, QueuedEmail, { attempts: 36, timeoutMs: 60_000 })

/** What it needs of a store. */
interface Tasks {
  enqueue(
    task: TaskDefinition<typeof QueuedEmail>,
    payload: z.input<typeof QueuedEmail>,
    options?: JobOptions,
  ): Promise<void>
}

export function createMailQueue({ enqueue }: Tasks): MailQueue {
  return { queue }

  async function queue(
    email: EmailTemplate,
    props: unknown,
    options?: Pick<JobOptions, 'delay' | 'priority'>,
  ): Promise<void> {
    const { template, schema, secret } = email
    // As it will come out of the job: without what the schema does not name, and without what JSON cannot hold.
    const kept: unknown = JSON.parse(
      JSON.stringify(checkPayload({ name: template, schema }, props) ?? null),
    )
    if (secret || namesSecret(kept))
      throw new TypeError(
        `${template}: a secret must not wait in a queue; make it in a listener and send the mail from there`,
      )
    checkEmail(email.render(kept))
    await enqueue(sendEmail(moduleOf(template)), { template, props: kept }, options)
  }
}

export interface SendQueuedEmailsDeps {
  mailer: Mailer
  /** Those of one module that somebody queues. */
  emails: readonly AnyEmailTemplate[]
}

/**
 * The task that sends what `store.mail.queue` wrote down, for the `tasks` of the module whose templates they are. A repeat has the same
 * `Message-ID`.
 *
 * @example
 * const tasks = [sendQueuedEmails({ mailer: core.mailer, emails: [stoneReady] })]
 */
export function sendQueuedEmails({ mailer, emails }: SendQueuedEmailsDeps): TaskHandler {
  const modules = [...new Set(emails.map(({ template }) => moduleOf(template)))]
  const [module] = modules
  if (module === undefined || modules.length > 1)
    throw new TypeError(`One task sends the mails of one module, and not of: ${modules.join()}`)
  const byName = new Map(emails.map((email) => [email.template, email]))
  return handle(sendEmail(module), async ({ template, props }, { id }) => {
    const email = byName.get(template)
    // A newer process may have queued it during a roll-out; then another worker will know it.
    if (!email) throw new Error(`There is no template ${template} here`)
    await mailer.send(email.render(readPayload(email.schema, props)), { messageId: id })
  })
}

function namesSecret(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(value).some(
    ([name, member]) => (!Array.isArray(value) && isSecretName(name)) || namesSecret(member),
  )
}
