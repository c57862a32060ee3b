"""The game of questions: configuration, tables, what is handed out and what is asked."""
