export {
  defineEmail,
  type AnyEmailTemplate,
  type EmailContent,
  type EmailOptions,
  type EmailTemplate,
} from './define-email.ts'
export type { Email } from './email.ts'
export { mailRefused, mailUnavailable } from './mail.errors.ts'
export {
  createMailQueue,
  sendQueuedEmails,
  type MailQueue,
  type SendQueuedEmailsDeps,
} from './mail-queue.ts'
export { createMailer, type Mailer, type MailerDeps, type SendOptions } from './mailer.ts'
export { mountMailPreview } from './preview/preview.ts'
export { renderTemplate, type TemplateProps } from './render-template.ts'
