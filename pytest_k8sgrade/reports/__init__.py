"""Reports: one grade in many forms. None of them computes points."""
