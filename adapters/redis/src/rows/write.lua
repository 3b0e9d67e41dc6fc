-- Writes a guild's head and rows if the guild has not been written since.
-- KEYS: the head; then a hash for each change, which may come twice.
-- ARGV: the revision that is expected (empty for no head); what rows that are set may have found in
-- their place ("any", "same" for nothing or the same, "none"); how many members more there are, if
-- that is not to be counted; the number of the head's fields, and each with its value; then for each
-- change how many fields are set, each with its value, how many are taken away, and each.
-- Answers {"done", members added if they are counted}, {"moved", the revision that is there} or
-- {"rows"} if others are there than may be.
local revision = redis.call('HGET', KEYS[1], 'revision')
if (revision or '') ~= ARGV[1] then
  return {'moved', revision}
end
local at = 4
local function take()
  local count, list = tonumber(ARGV[at]), {}
  for i = 1, count do
    list[i] = ARGV[at + i]
  end
  at = at + count + 1
  return list
end
local head, sets, gone = take(), {}, {}
for i = 2, #KEYS do
  sets[i] = take()
  gone[i] = take()
end
local added = 0
if ARGV[2] ~= 'any' then
  for i = 2, #KEYS do
    local names, set = {}, sets[i]
    for j = 1, #set, 2 do
      names[#names + 1] = set[j]
    end
    local found = redis.call('HMGET', KEYS[i], unpack(names))
    for j = 1, #names do
      if found[j] and (ARGV[2] == 'none' or found[j] ~= set[2 * j]) then
        return {'rows'}
      end
      if not found[j] and #names[j] == 8 then
        added = added + 1
      end
    end
  end
end
for i = 2, #KEYS do
  if #sets[i] > 0 then
    redis.call('HSET', KEYS[i], unpack(sets[i]))
  end
  if #gone[i] > 0 then
    redis.call('HDEL', KEYS[i], unpack(gone[i]))
  end
end
redis.call('HSET', KEYS[1], unpack(head))
redis.call('HINCRBY', KEYS[1], 'members', added + tonumber(ARGV[3]))
return {'done', tostring(added)}
