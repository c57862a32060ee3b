"""What is asked of the operating system: memory, threads, processes, locks on files."""
