-- What staff write down of a call: notes, and whether anything is left to do. Outside any session's
-- sequence.
-- -> unknown (no such record) | applied

require_rights()
local fields, notes = take_list(), take()

if redis.call('EXISTS', call) == 0 then
  return 'unknown'
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
