"""gap-svc: where people stand against the levels they aim for."""
