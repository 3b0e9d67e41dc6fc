-- Compares an entry of the table of leases with what is expected, and writes it if it is so.
-- KEYS: the entry. ARGV: the epoch that is expected (its number, holder and ticket; empty for no
-- entry), who writes (holder, ticket), the lowest new number, the lease in milliseconds, "1" if
-- there is a new value, the new value, "1" if the answer has to have the value.
local found = redis.call('HMGET', KEYS[1], 'number', 'holder', 'ticket')
local is_expected
if ARGV[1] == '' then
  is_expected = not found[1]
else
  is_expected = found[1] == ARGV[1] and found[2] == ARGV[2] and found[3] == ARGV[3]
end
if is_expected then
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  local number = math.max(tonumber(found[1] or 0) + 1, tonumber(ARGV[6]), now)
  redis.call('HSET', KEYS[1], 'version', '1',
    'number', string.format('%.0f', number), 'holder', ARGV[4], 'ticket', ARGV[5],
    'until', string.format('%.0f', now + ARGV[7]), 'lease', ARGV[7])
  if ARGV[8] == '1' then
    redis.call('HSET', KEYS[1], 'value', ARGV[9])
  end
end
local fields = {'version', 'number', 'holder', 'ticket', 'until', 'lease'}
if ARGV[10] == '1' then
  fields[7] = 'value'
end
local entry = redis.call('HMGET', KEYS[1], unpack(fields))
table.insert(entry, 1, is_expected and '1' or '0')
return entry
