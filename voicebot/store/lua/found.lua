-- Makes the record from the given fields and messages if there is none; claims nothing.

require_rights()
local fields, messages = take_list(), take_list()

if redis.call('EXISTS', call) == 1 then
  return 'known'
end
set(fields)
for i = 1, #messages do
  append(messages[i])
end
finish()
return 'founded'
