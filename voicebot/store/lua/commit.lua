-- One commit of one session: all of it, once, in its turn, and only by the call's owner.
--
-- An owner that was taken over is fenced: what it really said is still appended once; step,
-- status and dialogue are the newer owner's. Its answers are taken where the record has none, and
-- those that it saved before it was taken over (they waited in a journal) also where no newer
-- session has answered. Who gave an answer stands in `by.<field>`, when a session began in
-- `began.<session>`.
-- -> { verdict, last sequence number of this session, the record's epoch }
--    applied | done (seen before) | gap (send what follows `last`) | fenced |
--    unclaimed (the record does not know this claim: Redis lost it, claim again)

local epoch, session, seq, made_us = take(), take(), tonumber(take()), tonumber(take())
local current = read('epoch')

if not current or tonumber(current) < tonumber(epoch) then
  return { 'unclaimed', 0, current or '0' }
end

-- An epoch that was lost and given again belongs to whoever has it now.
local mine = read('owner.' .. epoch) == session
local numbered = mine and ('seq.' .. epoch) or ('seq.0.' .. session)
local live = mine and epoch == current
local last = tonumber(read(numbered) or '0')

if seq > last + 1 then
  return { 'gap', last, current }
end
if seq <= last then
  return { live and 'done' or 'fenced', last, current }
end

local function began(who)
  return tonumber(read('began.' .. who) or '0')
end

local function may_answer(field)
  if live or not read(field) then
    return true
  end
  local by = read('by.' .. field)
  local in_time = made_us < tonumber(read('beganUs') or '0')
  return by and in_time and began(by) <= began(session)
end

local owned, dropped = take_list(), take_list()
if live then
  set(owned)
  if #dropped > 0 then
    redis.call('HDEL', call, unpack(dropped))
  end
end

for _ = 1, tonumber(take()) do
  local answer, event = take_list(), take_list()
  if may_answer(answer[1]) then
    set(answer)
    set({ 'by.' .. answer[1], session })
    tell(event, epoch, seq)
  end
end

for _ = 1, tonumber(take()) do
  local message, event = take(), take_list()
  append(message)
  tell(event, epoch, seq)
end

for _ = 1, tonumber(take()) do
  local written, heard, event = take(), take(), take_list()
  revise(written, heard)
  tell(event, epoch, seq)
end

for _ = 1, tonumber(take()) do
  local event = take_list()
  if live then
    tell(event, epoch, seq)
  end
end

set({ numbered, string.format('%d', seq) })
finish()
return { live and 'applied' or 'fenced', seq, current }
