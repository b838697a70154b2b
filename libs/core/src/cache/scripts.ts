/**
 * An entry is a hash: `value` (JSON), `freshUntil` (ms), and the `keys` and `versions` of what it depends on (its tags, and the epoch of the
 * whole cache) as they were before it was loaded. It holds as long as they are the same: whatever is invalidated has got another version.
 *
 * KEYS: entry, lock, guard of the entry, epoch, tags… ARGV: token, life of the lock in ms (0 to take none), a first epoch.
 * Answers: state, value, whether the lock was taken, the versions of all KEYS from the guard on.
 */
export const read = `
redis.call('SET', KEYS[4], ARGV[3], 'NX')
local entry = redis.call('HMGET', KEYS[1], 'value', 'freshUntil', 'keys', 'versions')
local state = 'miss'
if entry[1] then
  local time = redis.call('TIME')
  local now = time[1] * 1000 + time[2] / 1000
  state = tonumber(entry[2]) > now and 'hit' or 'stale'
  local versions = cjson.decode(entry[4])
  for i, key in ipairs(cjson.decode(entry[3])) do
    if (redis.call('GET', key) or '') ~= versions[i] then state = 'miss' end
  end
end
local locked = 0
if state ~= 'hit' and tonumber(ARGV[2]) > 0 then
  if redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2]) then locked = 1 end
end
local current = {}
for i = 3, #KEYS do current[i - 2] = redis.call('GET', KEYS[i]) or '' end
return { state, state ~= 'miss' and entry[1] or '', locked, current }`

/**
 * Stores what was loaded, unless it was deleted or one of its tags was invalidated since its versions were read, and gives the lock back.
 * Another version of the guard keeps everything out that is being loaded meanwhile.
 *
 * KEYS as above. ARGV: token, value ('' to give back the lock only), fresh for ms, kept for ms, keys as JSON, a new version of the guard ('' to
 * leave it) and its life in ms, versions… of KEYS from the guard on. Answers 1 where it was stored.
 */
export const store = `
if redis.call('GET', KEYS[2]) == ARGV[1] then redis.call('DEL', KEYS[2]) end
if ARGV[2] == '' then return 0 end
local versions = {}
for i = 3, #KEYS do
  local known = ARGV[i + 5]
  if (redis.call('GET', KEYS[i]) or '') ~= known then return 0 end
  if i > 3 then versions[i - 3] = known end
end
local time = redis.call('TIME')
local freshUntil = math.floor(time[1] * 1000 + time[2] / 1000) + ARGV[3]
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'value', ARGV[2], 'freshUntil', string.format('%.0f', freshUntil), 'keys', ARGV[5], 'versions', cjson.encode(versions))
redis.call('PEXPIRE', KEYS[1], ARGV[4])
if ARGV[6] ~= '' then redis.call('SET', KEYS[3], ARGV[6], 'PX', ARGV[7]) end
return 1`
