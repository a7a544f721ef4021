-- The old system's string is replaced, if it is still the one that was read.
-- KEYS[1] is the string; ARGV what was read ('' for none), the new text, the life of a new string.
-- A string that was there keeps its own life.
-- -> 1 written | 0 another program wrote it meanwhile

local found = redis.call('GET', KEYS[1]) or ''
if found ~= ARGV[1] then
  return 0
end
if found ~= '' then
  redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
else
  redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
end
return 1
