"""The conversation: the next move, what it says, what it saves.

collector      the loop: hear, understand, decide, commit, say (`converse`, `Conversation`)
events         what reaches the conversation, and what it asks of the world
moves          `next_move`: the state after an event, and its effects
heard          what the caller said, act by act
answers        an answer: taken, joined, asked again, read back
asides         what stands beside an answer: a question, an emergency, a wish for a person
times          the appointment: free times offered, chosen, held, booked
bookings       an existing appointment: found, called off, moved
dialogue       the state of a conversation, as it travels in the record
turn           one turn in the making
spoken         values as one says and reads them
wording        the lines, by language
reading        one utterance to acts; its model reads what the rules left unread
extract        what `voicebot extract` prints
understand     who reads it: the rules, or a model behind them
"""
