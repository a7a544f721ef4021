-- A booking's place in a day is given back, whoever of its holders has it: the booked call, or
-- the name under which it was moved there.
-- KEYS[1] is the day, ARGV the booked call and the minute at which the place begins.
-- -> how many were given back

local freed = 0
local taken = redis.call('HGETALL', KEYS[1])
for i = 1, #taken, 2 do
  local ours = string.match(taken[i], '^[^>]*') == ARGV[1]
  if ours and string.match(taken[i + 1], '^%d+') == ARGV[2] then
    freed = freed + redis.call('HDEL', KEYS[1], taken[i])
  end
end
return freed
