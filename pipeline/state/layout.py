"""How a partition lies in RocksDB: one column family, raw bytes, so that one WriteBatch and one memtable make
everything atomic.

    m|layout, m|checkpoint, m|changelog      layout version, checkpoint record, changelog offset (decimal)
    m|complete                               when it last held all of its changelog, ms (decimal)
    s|KEY                                    shopper record; what begins with a zero byte is ours, see runtime/grave.py
    t|DUE KEY                                due-time index: DUE is 8 bytes, big endian, ms; no value
"""

LAYOUT = b"1"

LAYOUT_KEY = b"m|layout"
CHECKPOINT_KEY = b"m|checkpoint"
CHANGELOG_KEY = b"m|changelog"
COMPLETE_KEY = b"m|complete"
STATE = b"s|"
SHOPPERS = b"s|\x01"
STATE_END = b"s}"
DUE = b"t|"
DUE_END = b"t}"
