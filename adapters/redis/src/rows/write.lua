-- Writes a guild's head and rows if the guild has not been written since.
-- KEYS: the head; then a hash for each change, which may come twice.
-- ARGV: the revision that is expected (empty for no head); the epoch of the owner, if it has one
-- (an owner with a lower one is late); what rows that are set may have found in
-- their place ("any", "same" for nothing or the same, "none"); how many members more there are, if
-- that is not to be counted; the number of the head's fields, and each with its value; then for each
-- change how many rows begin in it, and the field of each, unless anything may be in their place;
-- how many fields are set, each with its value; how many are taken away, and each.
-- Answers {"done", members added if they are counted}, {"moved", the revision that is there},
-- {"rows"} if others are there than may be, or {"late"} if a later owner has written the guild.
local found = redis.call('HMGET', KEYS[1], 'revision', 'epoch')
local revision = found[1]
if ARGV[2] ~= '' and (tonumber(found[2] or 0) or 0) > tonumber(ARGV[2]) then
  return {'late'}
end
if (revision or '') ~= ARGV[1] then
  return {'moved', revision}
end
local at = 5
-- From where to where the next list goes.
local function take()
  local from = at + 1
  at = from + tonumber(ARGV[at])
  return from, at - 1
end
local function is_same(key, from, to)
  local names = {}
  for j = from, to, 2 do
    names[#names + 1] = ARGV[j]
  end
  for j, value in ipairs(redis.call('HMGET', key, unpack(names))) do
    if value and value ~= ARGV[from + 2 * j - 1] then
      return false
    end
  end
  return true
end
local head_from, head_to = take()
local changes = at
local added = 0
if ARGV[3] ~= 'any' then
  for i = 2, #KEYS do
    local first, last = take()
    local from, to = take()
    take()
    -- Whether something is there, or cannot be known from the fields in which rows begin.
    local is_there = ARGV[first] ~= ARGV[from]
    if first <= last then
      for _, value in ipairs(redis.call('HMGET', KEYS[i], unpack(ARGV, first, last))) do
        if value then
          is_there = true
        else
          added = added + 1
        end
      end
    end
    if is_there and (ARGV[3] == 'none' or not is_same(KEYS[i], from, to)) then
      return {'rows'}
    end
  end
end
at = changes
for i = 2, #KEYS do
  take()
  local from, to = take()
  if from <= to then
    redis.call('HSET', KEYS[i], unpack(ARGV, from, to))
  end
  from, to = take()
  if from <= to then
    redis.call('HDEL', KEYS[i], unpack(ARGV, from, to))
  end
end
redis.call('HSET', KEYS[1], unpack(ARGV, head_from, head_to))
if ARGV[2] ~= '' then
  redis.call('HSET', KEYS[1], 'epoch', ARGV[2])
end
redis.call('HINCRBY', KEYS[1], 'members', added + tonumber(ARGV[4]))
return {'done', tostring(added)}
