-- A member of staff takes a call in hand, or lets it go. Outside any session's sequence.
-- -> unknown (no such record) | taken (a colleague has it; who) | applied

require_rights()
local by, over = take(), take()

if redis.call('EXISTS', call) == 0 then
  return { 'unknown', '' }
end
local holder = read('takenBy') or ''
if holder ~= '' and holder ~= by and over ~= '1' then
  return { 'taken', holder }
end
if over == '1' and by == '' and holder == '' then
  return { 'applied', '' }
end
set({ 'takenBy', by, 'takenAt', at })
tell({ 'type', 'taken', 'value', by }, read('epoch') or '0', '0')
finish()
return { 'applied', by }
