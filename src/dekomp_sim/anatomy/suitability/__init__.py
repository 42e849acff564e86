"""Whether a scan will do for a case: how it was taken, what is checked of it, and how sure each finding is."""
