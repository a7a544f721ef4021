"""Understanding by a model, asked only where the rules are unsure.

meaning    what the model is to answer: the understanding type as a strict schema
prompt     the instructions, and the caller's words as data
evidence   what the caller can have said, told from the words
checking   the answer against normal forms and evidence: what fails is as if it were not there
asking     the request: deadline, one second try, breaker, cost
"""
