"""The marks of a class: attempts, lateness, overrides, and every form they are handed on in."""
