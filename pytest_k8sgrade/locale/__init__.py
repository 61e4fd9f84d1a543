"""Texts for people: reasons, hints and report labels in English and Korean.

Everything else in the package speaks in message ids with parameters; this package
alone turns them into sentences.
"""
