-- A place in a day's slots, for one holder: taken if free, kept if already the holder's own.
-- KEYS[1] is the day: a hash of holder -> "start expires" (minutes of the day; ms, 0: booked).
-- A visit counts against every other that overlaps it; a hold that has expired counts no more,
-- and neither do the calls of ARGV[8] and on, whose place this one is to replace.
-- -> 1 the place is the holder's | 0 it is taken

local day, holder = KEYS[1], ARGV[1]
local start, length, capacity = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local now, expires, life_s = tonumber(ARGV[5]), ARGV[6], ARGV[7]

local replaced = {}
for i = 8, #ARGV do
  replaced[ARGV[i]] = true
end

local others = 0
local taken = redis.call('HGETALL', day)
for i = 1, #taken, 2 do
  local begins, ends = string.match(taken[i + 1], '^(%d+) (%d+)$')
  if begins and ends ~= '0' and tonumber(ends) <= now then
    redis.call('HDEL', day, taken[i])
  elseif begins and taken[i] ~= holder and not replaced[string.match(taken[i], '^[^>]*')]
    and math.abs(tonumber(begins) - start) < length then
    others = others + 1
  end
end

if others >= capacity then
  return 0
end
redis.call('HSET', day, holder, ARGV[2] .. ' ' .. expires)
redis.call('EXPIRE', day, life_s)
return 1
