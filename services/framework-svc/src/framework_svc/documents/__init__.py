"""Files in and out: the exchange format, the matrix, templates, placements, O*NET® archives."""
