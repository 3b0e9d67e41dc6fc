-- Keeps a guild's head under another name if the guild has not been written since.
-- KEYS: the head, and its name from then on. ARGV: the revision that is expected.
if redis.call('HGET', KEYS[1], 'revision') ~= ARGV[1] then
  return 0
end
redis.call('RENAME', KEYS[1], KEYS[2])
return 1
