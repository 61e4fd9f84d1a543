"""What a rubric needs to be allowed to read, and what a credential is allowed to do."""
