export { createCore, systemClock, type Clock, type Core, type CoreDeps } from './core.ts'
export { createCoreModule } from './core-module.ts'
export { addManagement, type ManagementOptions } from './management.ts'
export { type FeatureModule } from './module.ts'
