"""What is remembered: every auction in SQL, and the lessons drawn from it."""
