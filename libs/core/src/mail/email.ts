/** A mail that is ready to go. A pure function of its props makes one. */
export interface Email {
  /** Name for logs and metrics, such as `auth.welcome`. */
  template: string
  /** One address, without a name. */
  to: string
  subject: string
  html: string
  text: string
}
