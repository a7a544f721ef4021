-- Reconciliation has found work for staff: told only where the record asks for none.
-- It is older than any session's word, so what still comes out of a journal replaces it.
-- -> nothing

require_rights()
local needs = take()

if redis.call('EXISTS', call) == 0 or (read('needs') or '') ~= '' then
  return
end
set({ 'needs', needs, 'by.needs', '1' })
tell({ 'type', 'needs', 'field', 'needs', 'value', needs }, read('epoch') or '0', '0')
finish()
