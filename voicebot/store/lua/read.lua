-- The record at one moment, and the answers that turns over HTTP were given.
-- KEYS[5] has them by the names of their requests; both only where there are names.
-- -> { hash, history, answers }

local names = take_list()
local answers = #names > 0 and redis.call('HMGET', KEYS[5], unpack(names)) or {}

return { redis.call('HGETALL', call), redis.call('LRANGE', history, 0, -1), answers }
