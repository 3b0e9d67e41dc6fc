-- Keeps a guild's head under another name if the guild has not been written since.
-- KEYS: the head, and its name from then on. ARGV: the revision that is expected, and the epoch of
-- the owner, if it has one. Answers "done", "moved" if the guild was written, or "late" if a later
-- owner has.
local found = redis.call('HMGET', KEYS[1], 'revision', 'epoch')
if ARGV[2] ~= '' and (tonumber(found[2] or 0) or 0) > tonumber(ARGV[2]) then
  return 'late'
end
if found[1] ~= ARGV[1] then
  return 'moved'
end
redis.call('RENAME', KEYS[1], KEYS[2])
return 'done'
