"""What shoppers take: memory, disk and changelog, counted from outside; see pipeline/commands/stats.py."""
