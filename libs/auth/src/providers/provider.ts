/** What a provider says about whoever signed in there. */
export interface ExternalProfile {
  /** Names the account there for good. */
  subject: string
  /** Only if the provider says that it is verified. */
  verifiedEmail: string | undefined
  /** Whether it opens an account that somebody else may have made with this e-mail. */
  linksByEmail: boolean
  /** The public name there, if there is one: what a username may be made of. */
  name: string | undefined
}

/** What the browser keeps between the start and the return, and shows to nobody else. */
export interface Flow {
  code_verifier: string
  state: string
  nonce?: string
}

/** A place where people may sign in, and how it is asked who they are. */
export interface SignInProvider {
  /** As paths and rows name it. */
  name: ProviderName
  /** As people know it. */
  title: string
  /** Where the browser goes, and what it has to bring back. */
  begin(): Promise<{ location: string; flow: Flow }>
  /** Who it was. Throws `auth.sign_in_failed`, `auth.sign_in_denied` and `auth.provider_unavailable`. */
  finish(callback: URLSearchParams, flow: Flow): Promise<ExternalProfile>
}

export type ProviderName = 'google' | 'github'
