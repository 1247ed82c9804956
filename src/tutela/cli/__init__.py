"""The command line: arguments, progress and printing; one file a command."""
