import { z } from 'zod'

/**
 * Text whose length is checked before anything else: no transform and no refine meets a longer one.
 * Without a limit of your own it is 1,024 characters.
 *
 * @example
 * const Name = boundedText().trim().min(1).max(100)
 */
export const boundedText = (most = 1_024): z.ZodString =>
  z.string().max(most, { error: `Must have at most ${most} characters`, abort: true })
