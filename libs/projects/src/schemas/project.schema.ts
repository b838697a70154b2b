import { z } from 'zod'
import { boundedText } from '@ashlar/core/schema'

const ProjectName = boundedText()
  .trim()
  .min(1)
  .max(100)
  .meta({ id: 'ProjectName', example: 'City wall' })

const ProjectDescription = z.string().max(2_000).meta({ id: 'ProjectDescription' })

const ProjectStatus = z.enum(['active', 'archived']).meta({ id: 'ProjectStatus' })

export const NewProject = z
  .strictObject({ name: ProjectName, description: ProjectDescription.default('') })
  .meta({ id: 'NewProject', example: { name: 'City wall', description: 'From gate to gate.' } })
export type NewProject = z.infer<typeof NewProject>

/** What is absent stays as it is. */
export const ProjectChange = z
  .strictObject({ name: ProjectName, description: ProjectDescription, status: ProjectStatus })
  .partial()
  .meta({ id: 'ProjectChange', example: { status: 'archived' } })
export type ProjectChange = z.infer<typeof ProjectChange>

/** Without the rules for new ones: an older project may break them, and is shown all the same. */
export const Project = z
  .object({
    id: z.int(),
    name: z.string().meta({ example: 'City wall' }),
    description: z.string(),
    status: ProjectStatus,
    owner: z
      .object({ id: z.int(), username: z.string().nullable() })
      .meta({ description: 'Without a username when the account is gone.' }),
    version: z.int().meta({ description: 'Counts the changes.' }),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Project' })
export type Project = z.infer<typeof Project>

/** What the `ETag` is made of: the owner's name is in the answer too, and changes without the project. */
export const versionOf = ({ version, owner }: Pick<Project, 'version' | 'owner'>): string =>
  `${version} ${owner.username ?? ''}`
