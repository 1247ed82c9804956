"""Durable work: imports, exports, compaction, retention, webhooks, in a process of its own."""
