"""Ladders, versions and placements: what may happen to them and what follows."""
