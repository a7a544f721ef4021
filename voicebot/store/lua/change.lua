-- What a commit changes, as its arguments tell it. Stands before commit.lua and turn.lua.
--
-- owner: step, status, dialogue and confirmations are taken, and events are appended
-- may_answer(field): the answer in this field is taken
-- began_us: when the session began; stands in `by.<field>` of each answer that it gave
local function apply(epoch, seq, began_us, owner, may_answer)
  local owned, dropped = take_list(), take_list()
  if owner then
    set(owned)
    if #dropped > 0 then
      redis.call('HDEL', call, unpack(dropped))
    end
  end

  for _ = 1, tonumber(take()) do
    local answer, event = take_list(), take_list()
    if may_answer(answer[1]) then
      set(answer)
      set({ 'by.' .. answer[1], began_us })
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
    if owner then
      tell(event, epoch, seq)
    end
  end
end
