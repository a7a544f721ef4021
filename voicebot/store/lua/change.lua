-- What a commit changes, as its arguments tell it. Stands before commit.lua and turn.lua.

-- The step whose confirmation stands in this field; nil for any other field.
local function confirmed_step(field)
  return string.match(field, '^(%a+)_confirmed$')
end

-- The field that tells who wrote this one last. A dialogue belongs to its step.
local function by(field)
  return 'by.' .. (field == 'dialogue' and 'step' or field)
end

-- Notes for staff are a JSON list. What a caller told stays told, also by an owner that was fenced.
local function add_notes(more)
  local before = string.match(read('notes') or '', '^%[(.+)%]$')
  set({ 'notes', '[' .. (before and before .. ',' or '') .. more .. ']' })
end

-- owner: events are appended
-- may_answer(field): the answer in this field is taken
-- may_own(field): step, status, dialogue or a confirmation is taken
-- began_us: when the session began; stands in `by.<field>` of what it wrote
local function apply(epoch, seq, began_us, owner, may_answer, may_own)
  local owned, dropped = take_list(), take_list()
  for i = 1, #owned, 2 do
    if may_own(owned[i]) then
      set({ owned[i], owned[i + 1], by(owned[i]), began_us })
    end
  end
  for i = 1, #dropped do
    if may_own(dropped[i]) then
      redis.call('HDEL', call, dropped[i])
      set({ by(dropped[i]), began_us })
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

  -- A commit of an earlier version, which may come out of a journal, ends before its notes.
  for _ = 1, tonumber(take() or 0) do
    local more, event = take(), take_list()
    add_notes(more)
    tell(event, epoch, seq)
  end
end
