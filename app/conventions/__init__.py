"""规约: conventions, their versions and clauses, from the draft until they are in force."""
