"""Standard segments, one YAML file each, that a topology includes by name: `champions: {library: champions}`.

A file has a title, what the segment is about, its parameters, and the segment itself as a topology would write it, with
`<name>` where the value of a parameter goes. pipeline/config/library.py reads them.
"""
