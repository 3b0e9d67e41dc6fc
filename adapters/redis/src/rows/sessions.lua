-- Puts what the sessions say in the place of what they said.
-- KEYS: the bot's key. ARGV: what they said (empty for nothing), what they say, the field for the
-- epoch of the shard whose session this is, and that of its owner, if it has one. Answers "done",
-- "moved" if they say something else by now, or "late" if a later owner has spoken for the shard.
local epoch = redis.call('HGET', KEYS[1], ARGV[3])
if ARGV[4] ~= '' and (tonumber(epoch or 0) or 0) > tonumber(ARGV[4]) then
  return 'late'
end
if (redis.call('HGET', KEYS[1], 'sessions') or '') ~= ARGV[1] then
  return 'moved'
end
redis.call('HSET', KEYS[1], 'sessions', ARGV[2])
if ARGV[4] ~= '' then
  redis.call('HSET', KEYS[1], ARGV[3], ARGV[4])
end
return 'done'
