"""The same rules on Afterclick, Faust, Quix Streams and Bytewax: one topic, one machine, equal output."""
