"""What is asked of the application while a walk goes on, and at its end. Each question answers with
what it found wrong; none uses the code that it asks about, but for the rows."""
