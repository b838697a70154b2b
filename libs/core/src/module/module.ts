import type { Express } from 'express'
import type { ErrorFactory } from '../errors/index.ts'
import type { EventDefinition, Listener } from '../events/index.ts'
import type { Routes } from '../http/index.ts'
import type { AnyEmailTemplate } from '../mail/index.ts'
import type { TaskHandler } from '../queue/index.ts'

/** What one feature offers to the processes that run it. */
export interface FeatureModule<Gateway = unknown> {
  /** Lower-case name: the prefix of its events, tasks, queues and error codes. */
  name: string
  routes?: readonly Routes[]
  /** Puts pages for people on the api, which are no part of the API document. */
  mountPages?: (app: Express) => void
  /** The facts that it publishes. */
  events?: readonly EventDefinition[]
  listeners?: readonly Listener[]
  tasks?: readonly TaskHandler[]
  /** The mails that it sends, for the preview. */
  emails?: readonly AnyEmailTemplate[]
  /** Its part of the problem catalogue. */
  errors?: readonly ErrorFactory[]
  /** What other modules may ask of it. */
  gateway: Gateway
}
