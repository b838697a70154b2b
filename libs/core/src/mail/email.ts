/** A mail that is ready to go. A pure function of its props makes one; see {@link defineEmail}. */
export interface Email {
  /** Name for logs and metrics, such as `auth.welcome`. */
  template: string
  /** One address, without a name. */
  to: string
  subject: string
  html: string
  text: string
  /**
   * Where the recipient ends the subscription: an http or https address. Mail readers show it as a button. Of an https address they tell it by
   * `POST` with the body `List-Unsubscribe=One-Click`, without a login (RFC 8058), so the address must say who it is.
   */
  unsubscribeUrl?: string
}
