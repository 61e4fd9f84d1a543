"""What a person sees of a batch: a live table or the lines of a log, and the last words."""
