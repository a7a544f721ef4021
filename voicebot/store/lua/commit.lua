-- One commit of one session: all of it, once, in its turn, and only by the call's owner.
--
-- An owner that was taken over is fenced: what it really said is still appended once. Its answers
-- are taken where the record has none, and those that it saved before it was taken over (they
-- waited in a journal) also where no newer session, and no integrator, has answered. What it saved
-- before of step, dialogue and confirmations is taken until a newer session tells its own. The status
-- is the newest owner's: its claim has opened the call again.
-- -> { verdict, last sequence number of this session, the record's epoch }
--    applied | done (seen before) | gap (send what follows `last`) | fenced |
--    unclaimed (the record does not know this claim: Redis lost it, claim again)

require_rights()
local epoch, session, seq = take(), take(), tonumber(take())
local made_us, began_us = tonumber(take()), take()
local current = read('epoch')

if number('epoch') < tonumber(epoch) then
  return { 'unclaimed', 0, current or '0' }
end

-- An epoch that was lost and given again belongs to the session that has it now.
local mine = read('owner.' .. epoch) == session
local numbered = mine and ('seq.' .. epoch) or ('seq.0.' .. session)
local live = mine and epoch == current
local last = number(numbered)

if seq > last + 1 then
  return { 'gap', last, current }
end
if seq <= last then
  return { live and 'done' or 'fenced', last, current }
end

local answer_fields = { service = 'user.service', time = 'user.serviceBookedTime' }

local function may_answer(field)
  if live or not read(field) then
    return true
  end
  local by = number('by.' .. field)
  return by > 0 and by <= tonumber(began_us) and made_us < number('beganUs')
end

local function may_own(field)
  if live then
    return true
  end
  if field == 'status' then
    return false
  end
  local step, newest = confirmed_step(field), number(by(field))
  if step then -- of a newer answer, or an integrator's, nobody knows whether it was agreed to
    local answer = answer_fields[step] or 'user.userInfo.' .. step
    local answered = number('by.' .. answer)
    newest = answered == 0 and read(answer) and math.huge or math.max(newest, answered)
  end
  return newest <= tonumber(began_us) and made_us < number('beganUs')
end

apply(epoch, seq, began_us, live, may_answer, may_own)
set({ numbered, string.format('%d', seq) })
finish()
return { live and 'applied' or 'fenced', seq, current }
