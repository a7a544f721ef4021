-- A session takes the call over: epoch + 1, once per session however often it asks.
-- The record is made from the given fields and messages only if there is none.
--
-- late: '1' for a session that could not claim when it began, as far as its journal knows. A session
-- that began after it is the newer owner and keeps the call. Where it did claim, and the process that
-- knew was killed, it has the epoch that it had: what it has written is numbered there.
-- -> { claimed | late, epoch, hash, history }

require_rights()
local session, began_us, late = take(), take(), take()
local fields, messages = take_list(), take_list()

if redis.call('EXISTS', call) == 0 then
  set(fields)
  for i = 1, #messages do
    append(messages[i])
  end
end

local epoch = string.format('%d', number('epoch'))
local verdict = 'claimed'

for earlier = late == '1' and tonumber(epoch) or 0, 1, -1 do
  if read('owner.' .. string.format('%d', earlier)) == session then
    epoch = string.format('%d', earlier)
    break
  end
end

if read('owner.' .. epoch) ~= session then
  if late == '1' and number('beganUs') > tonumber(began_us) then
    verdict, epoch = 'late', '0'
  else
    epoch = string.format('%d', tonumber(epoch) + 1)
    set({ 'epoch', epoch, 'owner.' .. epoch, session, 'beganUs', began_us, 'seq.' .. epoch, '0' })
    reopen()
    tell({ 'type', 'claim' }, epoch, '0')
    finish()
  end
end

return { verdict, epoch, redis.call('HGETALL', call), redis.call('LRANGE', history, 0, -1) }
