"""Isolated processes for hand-ins: limits, a preloaded server that forks them, a pool of them."""
