"""Files that leave gap-svc: the printed gap report."""
