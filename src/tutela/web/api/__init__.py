"""The match API: the routes under ``/v1``."""
