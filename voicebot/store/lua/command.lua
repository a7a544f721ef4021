-- A command of staff, on its way to the session that holds the call. Outside any session's sequence.
-- It stands in a stream (KEYS[6]) until it is settled; what remains then is the event, without its
-- content. So it is settled once, whoever does it.
-- put    -> unknown (no such record) | full | applied; the command's id
-- settle -> done (settled before) | applied; the command's id

require_rights()
local commands = KEYS[6]
local act, event = take(), take_list()

local function told(id)
  event[#event + 1] = 'command'
  event[#event + 1] = id
  tell(event, read('epoch') or '0', '0')
  finish()
end

if act == 'put' then
  local most, notices, command = tonumber(take()), take(), take_list()
  if redis.call('EXISTS', call) == 0 then
    return { 'unknown', '' }
  end
  if redis.call('XLEN', commands) >= most then
    return { 'full', '' }
  end
  local id = redis.call('XADD', commands, '*', unpack(command))
  told(id)
  redis.pcall('PUBLISH', notices, call_sid) -- a lost notice is made up for by a look
  return { 'applied', id }
end

local id = take()
if redis.call('XDEL', commands, id) == 0 then
  return { 'done', id }
end
told(id)
return { 'applied', id }
