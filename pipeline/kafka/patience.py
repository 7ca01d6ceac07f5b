"""How long a lane and a rebalance wait, and how often they try."""

import msgspec


class Patience(msgspec.Struct, frozen=True):
    """tries: failures in a row, without one batch getting through, after which a partition fails; that the brokers are
    away is none. first, longest: wait before a try, s, doubling. drain: how long a batch in hand may take to finish
    when the partition goes, s. refetch: how long re-fetched records may be on their way before they are asked for
    again, s. together: how long a rebalance waits for partitions to open before those that have go on without the
    rest, s. fenced: how long a rebalance may take to say that a partition which another worker has fenced is not ours,
    s; longer than a zombie, awake again, needs to hear that the group goes on without it. sweep: how long batches may
    keep a sweep waiting until it takes a slice between two of them, s."""

    tries: int = 8
    first: float = 0.25
    longest: float = 15.0
    drain: float = 10.0
    refetch: float = 10.0
    together: float = 5.0
    fenced: float = 20.0
    sweep: float = 1.0
