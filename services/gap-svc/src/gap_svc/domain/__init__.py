"""Gap reports: the calculation and its readings, the standing of a person, and the versions of a report."""
