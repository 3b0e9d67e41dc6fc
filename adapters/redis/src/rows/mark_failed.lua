-- Names a change that failed as unfinished, unless one is, or the guild has been written since.
-- KEYS: the head. ARGV: the revision that is expected, the epoch of the owner, if it has one, and
-- the change's name.
local found = redis.call('HMGET', KEYS[1], 'revision', 'epoch', 'unfinished')
if ARGV[2] ~= '' and (tonumber(found[2] or 0) or 0) > tonumber(ARGV[2]) then
  return 'late'
end
if found[1] ~= ARGV[1] or (found[3] or '') ~= '' then
  return 'moved'
end
-- A full Redis takes a write once the script has taken something away.
redis.call('HDEL', KEYS[1], 'unfinished')
redis.call('HSET', KEYS[1], 'unfinished', ARGV[3])
return 'done'
