"""The conversation: the next move, what it says, what it saves.

collector      the loop: hear, understand, decide, commit, say (`converse`, `Conversation`)
events         what reaches the conversation, and what it asks of the world
moves          `next_move`: the state after an event, and its effects
answers        an answer: taken, joined, asked again, read back
replies        remarks beside an answer: a question, a wish to wait, a wish for a person
appointment    the appointment in words
dialogue       the state of a conversation, as it travels in the record
turn           one turn in the making
spoken         values as one says and reads them
wording        the lines, by language
understanding  one utterance to its meaning
"""
