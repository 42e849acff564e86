"""Cases of many learners: kept, looked back on, exported, forgotten."""
