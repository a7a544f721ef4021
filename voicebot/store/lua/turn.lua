-- One turn over HTTP, decided on a record that was read before: all of it, or nothing.
-- It is a claim and a commit in one and has no second commit, so it leaves no bookkeeping behind
-- but its epoch, which fences the session that owned the call.
-- KEYS[5] keeps the turn's answer by the names of its request.
--
-- known, last: the epoch and its last sequence number as they were read, '' where there was none
-- -> { applied, hash, history } | { fenced } (a session has the call) |
--    { overtaken } (another turn was faster, or the record is gone: read again)

require_rights()
local known, last, began_us = take(), take(), take()
local fields, messages, answers = take_list(), take_list(), take_list()

if redis.call('EXISTS', call) == 0 then
  if #fields == 0 then
    return { 'overtaken' }
  end
  set(fields)
  for i = 1, #messages do
    append(messages[i])
  end
end

local current = read('epoch') or ''
local owned = read('owner.' .. current)
if current ~= known or (read('seq.' .. current) or '') ~= last then
  return { owned and 'fenced' or 'overtaken' }
end

local epoch = string.format('%d', number('epoch') + 1)
set({ 'epoch', epoch, 'beganUs', began_us })
reopen()
if owned or current == '' then
  tell({ 'type', 'claim' }, epoch, '0')
end
local function always()
  return true
end
apply(epoch, '1', began_us, true, always, always)
if #answers > 0 then
  redis.call('HSET', KEYS[5], unpack(answers))
end
finish()
return { 'applied', redis.call('HGETALL', call), redis.call('LRANGE', history, 0, -1) }
