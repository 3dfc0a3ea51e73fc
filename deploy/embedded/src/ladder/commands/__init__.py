"""The commands of `ladder`, a module for each kind of work: running, operating, importing, files."""
