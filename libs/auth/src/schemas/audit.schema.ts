import { z } from 'zod'

/** What the audit trail tells of. */
export const auditActions = [
  'admin_seeded',
  'api_key_created',
  'api_key_deleted',
  'credentials_verified',
  'current_password_refused',
  'email_change_requested',
  'email_changed',
  'email_verified',
  'identity_linked',
  'identity_unlinked',
  'logged_in',
  'logged_out',
  'login_failed',
  'other_sessions_ended',
  'password_changed',
  'password_reset',
  'password_reset_requested',
  'recovery_code_used',
  'recovery_codes_renewed',
  'refresh_token_reused',
  'registered',
  'registration_repeated',
  'role_changed',
  'second_factor_begun',
  'second_factor_disabled',
  'second_factor_enabled',
  'second_factor_ignored',
  'second_factor_refused',
  'second_factor_reset',
  'session_ended',
  'status_changed',
  'user_deleted',
  'user_restored',
] as const
export type AuditAction = (typeof auditActions)[number]

/** Known details of an entry. */
export const AuditDetails = z
  .object({ role: z.string(), status: z.string(), sessionId: z.guid(), apiKeyId: z.guid() })
  .partial()

/** One event of the audit trail. */
export const AuditEntry = z
  .object({
    id: z.guid(),
    // Not an enum: an entry outlives the version that wrote it.
    action: z.string().meta({
      description: 'What happened. More actions than these may come.',
      'x-extensible-enum': auditActions,
    }),
    actorId: z
      .int()
      .nullable()
      .meta({ description: 'Who did it; null for somebody who did not log in.' }),
    userId: z
      .int()
      .nullable()
      .meta({ description: 'Whose account; null where no account has the e-mail.' }),
    details: AuditDetails.nullable().meta({
      description: 'What the role or the status became, or which session or API key it was.',
    }),
    address: z.string().nullable(),
    device: z.string().nullable().meta({ description: 'User agent.' }),
    requestId: z.string().nullable().meta({ description: 'The X-Request-Id of the request.' }),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'AuditEntry' })
export type AuditEntry = z.infer<typeof AuditEntry>
