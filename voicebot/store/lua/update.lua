-- One small write of an integrator, who does not own the call: no claim, no sequence number.
-- KEYS[4] remembers the ids of such writes, so that a repeated one is done once.
-- -> unknown (no such record) | applied | done

require_rights()
local write_id = take()
local fields, messages = take_list(), take_list()

if redis.call('EXISTS', call) == 0 then
  return 'unknown'
end
if redis.call('SADD', KEYS[4], write_id) == 0 then
  return 'done'
end

local epoch = read('epoch') or '0'
set(fields)
for i = 1, #fields, 2 do
  redis.call('HDEL', call, 'by.' .. fields[i]) -- no session's answer any more
end
for i = 1, #messages do
  append(messages[i])
end
for _ = 1, tonumber(take()) do
  tell(take_list(), epoch, '0')
end
finish()
return 'applied'
