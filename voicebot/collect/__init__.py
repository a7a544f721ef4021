"""The conversation: the next move, what it says, what it saves.

collector      the loop: hear, understand, decide, commit, say (`converse`, `Conversation`)
events         what happens to the conversation, and what it asks of the world
moves          `next_move`: the state after an event, and its effects
heard          a caller's words answered act by act
said           an utterance's acts by kind, its values, what is unread
open_question  the answer to the open question, a yes, a choice
answers        an answer: taken, joined, asked again, read back
asides         words beside an answer: a question, an emergency, a wish for a person
times          the appointment: free times offered, chosen, held, booked
bookings       an existing appointment: found, called off, moved
dialogue       the state of a conversation, as it travels in the record
turn           one turn in the making
spoken         values as one says and reads them
wording        the lines, by language
reading        one utterance to acts; its model reads what the rules left unread
extract        the lines of `voicebot extract`
understand     the reader: the rules, or a model behind them
meaning        a second opinion by meaning, where the rules know none of the words
"""
