-- A holder's place in a day passes to another holder, who keeps the own place if there is one.
-- KEYS[1] is the day, ARGV the one holder and the other.
-- -> what stands there for the other, see slot.lua | nothing, if the one has no place

local place = redis.call('HGET', KEYS[1], ARGV[1])
if not place then
  return false
end
redis.call('HSETNX', KEYS[1], ARGV[2], place)
redis.call('HDEL', KEYS[1], ARGV[1])
return redis.call('HGET', KEYS[1], ARGV[2])
