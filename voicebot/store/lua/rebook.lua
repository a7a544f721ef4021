-- A booking is called off, or moved to another time, on behalf of another call. It is a claim and a
-- commit in one, as a turn over HTTP is: its epoch fences the session that owned the call, whose
-- later commits and reconciliation must not write the old booking again.
--
-- time: the new one as the record writes it, '' to call it off
-- -> { applied | done (it is so already) | unbooked (nothing stands there) | unknown (no record),
--      the time before, the time before that (movedFrom) }

require_rights()
local time, now_us = take(), take()

if redis.call('EXISTS', call) == 0 then
  return { 'unknown', '', '' }
end
local was, before = read('user.serviceBookedTime') or '', read('movedFrom') or ''
local cancelled = read('status') == 'cancelled'
if cancelled and time == '' or not cancelled and time ~= '' and time == was then
  return { 'done', was, before }
end
if cancelled or read('servicebooked') ~= 'true' then
  return { 'unbooked', was, before }
end

local epoch = string.format('%d', number('epoch') + 1)
set({
  'epoch', epoch, 'beganUs', now_us, 'confirmEmailsent', 'false',
  'bookingRevision', string.format('%d', number('bookingRevision') + 1),
  'by.user.serviceBookedTime', now_us, 'by.servicebooked', now_us, 'by.status', now_us,
})
if time == '' then
  set({ 'servicebooked', 'false', 'status', 'cancelled' })
  tell({ 'type', 'booked', 'value', 'false' }, epoch, '0')
  tell({ 'type', 'status', 'value', 'cancelled' }, epoch, '0')
else
  set({
    'user.serviceBookedTime', time, 'user.userInfo.time_timestamp', at, 'time_confirmed', 'true',
    'movedFrom', was,
  })
  tell({ 'type', 'field', 'field', 'time', 'value', time }, epoch, '0')
  tell({ 'type', 'moved', 'field', 'time', 'value', time }, epoch, '0')
end
finish()
return { 'applied', was, before }
