-- The record at one moment.
-- -> { hash, history }

return { redis.call('HGETALL', call), redis.call('LRANGE', history, 0, -1) }
