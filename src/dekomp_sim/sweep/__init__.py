"""Many cases of one scenario: what is varied, who performs them, where they are kept, what they show together."""
