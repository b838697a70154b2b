import type { Express, RequestHandler } from 'express'
import type { RateLimits } from '../rate-limit/index.ts'
import { mountPath } from './mount.ts'
import { refuseParameters } from './parse-input.ts'

/** Serves one page of the platform. It takes no parameters, unless it passes over `anyQuery`. */
export type MountPage = (
  path: string,
  handle: RequestHandler,
  options?: { anyQuery?: boolean },
) => void

/** Pages are limited as routes are: each by itself, and only where it answers. */
export function createPageMounter(app: Express, rateLimits: RateLimits | undefined): MountPage {
  return (path, handle, { anyQuery = false } = {}) => {
    const limiter = rateLimits?.forRoute(`GET ${path}`, undefined)
    const get: RequestHandler = async (request, response, next) => {
      await limiter?.countCaller(request, response)
      if (!anyQuery) refuseParameters(request)
      await handle(request, response, next)
    }
    mountPath(app, path, { get })
  }
}
