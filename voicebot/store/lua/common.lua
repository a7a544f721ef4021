-- Stands before every script of ours: how arguments are read, and how a write ends.
-- No clock and no JSON here: both come in ARGV, so that a script only moves text.

local call, history, events = KEYS[1], KEYS[2], KEYS[3]
local cursor = 0

-- What a script has written stays when it fails half way: so look first that the keys are ours.
local kinds = { 'hash', 'list', 'stream', 'set', 'hash', 'stream' }
for i = 1, #KEYS do
  local kind = redis.call('TYPE', KEYS[i]).ok
  if kind ~= 'none' and kind ~= kinds[i] then
    return redis.error_reply('WRONGTYPE ' .. KEYS[i] .. ' is a ' .. kind)
  end
end

local function take()
  cursor = cursor + 1
  return ARGV[cursor]
end

-- For the same reason whatever writes asks first whether the user may do all of it. (No memory, a
-- replica and the like are seen by the server at a script's first write, and never later.)
local function require_rights()
  if not redis.acl_check_cmd then -- before Redis 7
    return
  end
  local wanted = {
    { 'HGET', call, '' }, { 'HSET', call, '', '' }, { 'HDEL', call, '' }, { 'RPUSH', history, '' },
    { 'LPOS', history, '' }, { 'LSET', history, 0, '' }, { 'XADD', events, '*', '', '' },
    { 'SADD', call .. ':writes', '' },
  }
  for i = 1, #KEYS do
    wanted[#wanted + 1] = { 'EXPIRE', KEYS[i], 1 }
  end
  for i = 1, #wanted do
    if not redis.acl_check_cmd(unpack(wanted[i])) then
      error(redis.error_reply('NOPERM no permission to run ' .. wanted[i][1]))
    end
  end
end

local function take_list()
  local list = {}
  for i = 1, tonumber(take()) do
    list[i] = take()
  end
  return list
end

local at, retention_s, events_kept, channel, call_sid = take(), take(), take(), take(), take()

local function set(pairs_list)
  if #pairs_list > 0 then
    redis.call('HSET', call, unpack(pairs_list))
  end
end

local function read(field)
  return redis.call('HGET', call, field) or nil
end

-- What another program wrote there counts as 0: the script must not fail over it.
local function number(field)
  local text = read(field)
  return text and #text < 17 and string.match(text, '^%d+$') and tonumber(text) or 0
end

-- Somebody goes on with the call: what was not finished is open again.
local function reopen()
  local status = read('status')
  if status ~= 'booked' and status ~= 'incomplete' and status ~= 'transfer'
    and status ~= 'cancelled' then
    set({ 'status', 'active' })
  end
end

-- event: flat pairs of what is special about it
local function tell(event, epoch, seq)
  local entry = { 'step', read('step') or '', 'epoch', epoch, 'seq', seq, 'at', at }
  for i = 1, #event do
    entry[#entry + 1] = event[i]
  end
  redis.call('XADD', events, 'MAXLEN', '~', events_kept, '*', unpack(entry))
end

local function append(message)
  redis.call('RPUSH', history, message)
end

-- The message as it was heard takes the place of the message as it was written.
local function revise(written, heard)
  local index = redis.call('LPOS', history, written, 'RANK', -1)
  if index then
    redis.call('LSET', history, index, heard)
  else
    append(heard)
  end
end

local function finish()
  -- It never goes back, though a clock may: history is read up to it. What is written in
  -- another form is not ours.
  local was = redis.call('HGET', call, 'updatedAt')
  if not was or #was ~= #at or was < at then
    redis.call('HSET', call, 'updatedAt', at)
  end
  for i = 1, #KEYS do
    redis.call('EXPIRE', KEYS[i], retention_s)
  end
  redis.pcall('PUBLISH', channel, call_sid) -- a lost notice is found out by those who watch
end
