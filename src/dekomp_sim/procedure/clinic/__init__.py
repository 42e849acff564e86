"""The patient as a person: the card, what an awake patient feels, and lapses of good practice."""
