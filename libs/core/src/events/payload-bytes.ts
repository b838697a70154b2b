/**
 * Payloads that are in memory at once, in bytes of JSON. They are there several times over, on
 * their way to Redis.
 */
export const mostBytes = 4 * 1024 * 1024
