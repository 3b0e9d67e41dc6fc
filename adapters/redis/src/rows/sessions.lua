-- Puts what the sessions say in the place of what they said.
-- KEYS: the bot's key. ARGV: what they said (empty for nothing), and what they say.
if (redis.call('HGET', KEYS[1], 'sessions') or '') ~= ARGV[1] then
  return 0
end
redis.call('HSET', KEYS[1], 'sessions', ARGV[2])
return 1
