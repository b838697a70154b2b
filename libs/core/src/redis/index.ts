export { bullConnection, bullPrefix } from './connection.ts'
export { withDeadline } from './deadline.ts'
export { createOutageLog, type OutageLog } from './outage-log.ts'
export { createRedis, type RedisConnection, type RedisDeps } from './redis.ts'
