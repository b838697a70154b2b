export type { Once } from '../idempotency/index.ts'
export { createHttpApp, type HttpAppDeps } from './app.ts'
export { createBaseApp, type BaseAppDeps } from './base-app.ts'
export type { BodyContract, Method, Result, Route, RouteContract, RouteInput } from './contract.ts'
export { forbidden, unauthenticated, validationFailed } from './errors.ts'
export type { Guard } from './guard.ts'
export {
  createHealth,
  type Health,
  type HealthAnswer,
  type HealthCheck,
  type HealthDeps,
} from './health.ts'
export { mountHealth } from './health-routes.ts'
export { createManagementApp, type ManagementAppDeps } from './management-app.ts'
export { mountPath, type Handlers } from './mount.ts'
export { html, type Html } from './html.ts'
export { htmlPage } from './html-page.ts'
export { createOperatorLog } from './operator-log.ts'
export { pageStylesheet } from './page-stylesheet.ts'
export { checkForm, parseInput, readForm, readQuery } from './parse-input.ts'
export { createProblemWriter, type ProblemWriterDeps } from './problem-writer.ts'
export type { Precondition } from './precondition.ts'
export type { Version } from './etag.ts'
export { describeApi } from './openapi.ts'
export { pointerTo } from './pointer.ts'
export { createCatalogue } from './problem-catalogue.ts'
export { problemHeaders, problemType, send, sentBearer, toAppError } from './problem.ts'
export { pathOf } from './request-target.ts'
export { ResourceId } from './resource-id.ts'
export { createRoutes, type Routes, type RoutesOptions } from './routes.ts'
export { createSerializer } from './serialization/serializer.ts'
export { createHttpServer, type HttpServer, type HttpServerDeps } from './server.ts'
export { allowSources } from './security-headers.ts'
