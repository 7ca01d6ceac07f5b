"""Backfill: history that no rule kept, folded apart and handed to the workers as grafts."""
