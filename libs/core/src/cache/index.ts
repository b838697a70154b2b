export { createCache, type Cache, type CacheDeps } from './cache.ts'
export { type CacheOptions, type CacheSpace } from './space.ts'
