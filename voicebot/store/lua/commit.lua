-- One commit of one session: all of it, once, in its turn, and only by the call's owner.
--
-- An owner that was taken over is fenced: what it really said is still appended once, its
-- answers only where the record has none; step, status and dialogue are the newer owner's.
-- -> { verdict, last sequence number of this session, the record's epoch }
--    applied | done (seen before) | gap (send what follows `last`) | fenced |
--    unclaimed (the record does not know this claim: Redis lost it, claim again)

local epoch, session, seq = take(), take(), tonumber(take())
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

local owned, dropped = take_list(), take_list()
if live then
  set(owned)
  if #dropped > 0 then
    redis.call('HDEL', call, unpack(dropped))
  end
end

for _ = 1, tonumber(take()) do
  local answer, event = take_list(), take_list()
  if live or not read(answer[1]) then
    set(answer)
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
