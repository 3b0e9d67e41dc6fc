-- Takes keys of a guild away while the guild leaves, and is not there again.
-- KEYS: the head, its name while the guild leaves, and what is taken away. Answers whether it was.
if redis.call('HGET', KEYS[1], 'revision') or not redis.call('HGET', KEYS[2], 'buckets') then
  return 0
end
redis.call('UNLINK', unpack(KEYS, 3))
return 1
