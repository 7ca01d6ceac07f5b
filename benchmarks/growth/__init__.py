"""How cost grows: with segments, shoppers, partitions, workers, hot keys, timers and windows; a file a question."""
