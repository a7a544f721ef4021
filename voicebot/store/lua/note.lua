-- What staff write down of a call: notes, and whether anything is left to do. Outside any session's
-- sequence. A note that stands there already, with its moment, is a repeat after a lost reply.
-- -> unknown (no such record) | applied

require_rights()
local fields, notes = take_list(), take()

if redis.call('EXISTS', call) == 0 then
  return 'unknown'
end
if notes ~= '' and string.find(read('notes') or '', notes, 1, true) then
  return 'applied'
end
set(fields)
for i = 1, #fields, 2 do
  redis.call('HDEL', call, 'by.' .. fields[i]) -- no session's word any more
end
if notes ~= '' then
  add_notes(notes)
end
for _ = 1, tonumber(take()) do
  tell(take_list(), read('epoch') or '0', '0')
end
finish()
return 'applied'
