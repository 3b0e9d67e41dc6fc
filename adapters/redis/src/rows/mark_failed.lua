-- Names a change that failed as unfinished, if the guild has not been written since.
-- KEYS: the head. ARGV: the revision that is expected, the epoch of the owner, if it has one, the
-- change's name, and whether it takes the place of another one.
local found = redis.call('HMGET', KEYS[1], 'revision', 'epoch', 'unfinished')
if ARGV[2] ~= '' and (tonumber(found[2] or 0) or 0) > tonumber(ARGV[2]) then
  return 'late'
end
if found[1] ~= ARGV[1] then
  return 'moved'
end
-- Whoever reads knows of an earlier one.
if (found[3] or '') ~= '' and ARGV[4] ~= '1' then
  return 'done'
end
-- A full Redis takes a write once the script has taken something away.
redis.call('HDEL', KEYS[1], 'unfinished')
redis.call('HSET', KEYS[1], 'unfinished', ARGV[3])
return 'done'
