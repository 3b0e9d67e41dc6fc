-- Claims a shard's snapshots for an owner; if a whole one of its own is named, that is the last one
-- from now on. Answers with what was there before.
-- KEYS: the entry. ARGV: the epoch of the owner, for how many milliseconds this lasts, and for a
-- whole snapshot its number and its pieces.
local found = redis.pcall('HMGET', KEYS[1], 'version', 'claimed', 'epoch', 'number', 'pieces')
if found.err and not string.find(found.err, 'WRONGTYPE') then
  return found
end
local is_ours = not found.err and found[1] == '1'
if is_ours and (tonumber(found[2]) or 0) > tonumber(ARGV[1]) then
  return {'late'}
end
local is_empty = not found.err and not found[1]
if ARGV[3] then
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'version', '1', 'claimed', ARGV[1], 'epoch', ARGV[1],
    'number', ARGV[3], 'pieces', ARGV[4])
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
elseif is_empty then
  redis.call('HSET', KEYS[1], 'version', '1', 'claimed', ARGV[1])
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
elseif is_ours then
  redis.call('HSET', KEYS[1], 'claimed', ARGV[1])
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
else
  return {'foreign'}
end
if is_ours and found[3] then
  return {'done', found[3], found[4], found[5]}
end
return {'done'}
