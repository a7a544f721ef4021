-- A place in a day's slots, for one holder: taken if free, kept if already the holder's own.
-- KEYS[1] is the day: a hash of holder -> place, which is "start expires" (minutes of the day; ms,
-- 0: booked), or "start expires length service" where the visit is not as long as a slot, or its
-- service has a capacity of its own. A holder is a call, `<call>?<start>` for a place that is
-- offered to it, or `<call>><start>` for a booking that was moved there.
-- So many visits may be at one time, and so many of one service. Not counted are what has expired,
-- what the same call holds or is offered, and the places of the calls of ARGV[11] and on, which
-- this one is to replace. Of the places of another call one will be taken, so where they overlap
-- they count once. A place that is held or booked ends the offers of its call in that day.
-- -> what now stands there for the holder | nothing: it is taken

local day, holder = KEYS[1], ARGV[1]
local start, length, capacity = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local service, of_service, usual = ARGV[5], tonumber(ARGV[6]), tonumber(ARGV[7])
local now, expires, life_s = tonumber(ARGV[8]), ARGV[9], ARGV[10]

local replaced = {}
for i = 11, #ARGV do
  replaced[ARGV[i]] = true
end

local caller = string.match(holder, '^[^?]*')
local all, same = {}, {} -- by call: its places that overlap this one, as { from, to }

local function add(visits, name, from, to)
  if from < start + length and to > start then
    visits[name] = visits[name] or {}
    table.insert(visits[name], { math.max(from, start), to })
  end
end

local function most(visits)
  local changes = {} -- by minute: how many calls more, or fewer, have a place from then on
  local function change(minute, by)
    changes[minute] = (changes[minute] or 0) + by
  end
  for _, places in pairs(visits) do
    table.sort(places, function(one, other) return one[1] < other[1] end)
    local reached = start
    for i = 1, #places do
      local from = math.max(places[i][1], reached)
      if from < places[i][2] then
        change(from, 1)
        change(places[i][2], -1)
        reached = places[i][2]
      end
    end
  end
  local count, highest = 0, 0
  for minute = start, start + length - 1 do
    count = count + (changes[minute] or 0)
    highest = math.max(highest, count)
  end
  return highest
end

local taken = redis.call('HGETALL', day)
for i = 1, #taken, 2 do
  local name, place = taken[i], taken[i + 1]
  local begins, ends, lasts, of = string.match(place, '^(%d+) (%d+) (%d+) (.*)$')
  if not begins then
    begins, ends = string.match(place, '^(%d+) (%d+)$')
  end
  if begins and ends ~= '0' and tonumber(ends) <= now then
    redis.call('HDEL', day, name)
  elseif begins and string.match(name, '^[^?]*') ~= caller
    and not replaced[string.match(name, '^[^>?]*')] then
    local call, from = string.match(name, '^[^?]*'), tonumber(begins)
    local to = from + (tonumber(lasts) or usual)
    add(all, call, from, to)
    if of == service then
      add(same, call, from, to)
    end
  end
end

if most(all) >= capacity or (service ~= '' and most(same) >= of_service) then
  return false
end

if holder == caller then
  for i = 1, #taken, 2 do
    if string.match(taken[i], '^([^?]*)%?') == caller then
      redis.call('HDEL', day, taken[i])
    end
  end
end
local place = ARGV[2] .. ' ' .. expires
if service ~= '' or length ~= usual then
  place = place .. ' ' .. ARGV[3] .. ' ' .. service
end
redis.call('HSET', day, holder, place)
redis.call('EXPIRE', day, life_s)
return place
