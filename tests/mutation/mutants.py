"""The defences of the guarantee, line by line, and what must fail without each."""

from tests.mutation.mutant import Mutant

_PROCESSOR = "tests/unit/runtime/test_partition_processor.py"
_CRASH = "tests/property/test_crashes.py::test_a_crash_at_any_step_changes_nothing[commit-before-disk kept]"
_OWNER = "tests/unit/kafka/test_partition_owner.py"
_ZOMBIES = "tests/broker/test_zombies.py"
_FENCING = "tests/broker/test_fencing.py"
_PARTITION = "pipeline/runtime/partition.py"
_PARTITION_OWNER = "pipeline/kafka/partition_owner.py"
_OUTBOX = "pipeline/kafka/outbox.py"

# Killed by tests that need no broker, or the embedded one.
QUICK = (
    Mutant(
        "fencing before anything else of a partition's life",
        _PARTITION_OWNER,
        """\
        outbox.fence()
        self.life.enter(Stage.RESTORING)
        state = self._state = self._restored(stopped)
""",
        """\
        self.life.enter(Stage.RESTORING)
        state = self._state = self._restored(stopped)
        outbox.fence()
""",
        (_OWNER,),
    ),
    Mutant(
        "fencing: one transactional id a partition, whoever owns it",
        _PARTITION_OWNER,
        'f"{wiring.transactional_prefix}.{self.partition}"',
        'f"{wiring.transactional_prefix}.{self.partition}.{id(self)}"',
        (_OWNER,),
    ),
    Mutant(
        "a fenced processor is closed for good",
        _PARTITION,
        "if isinstance(error, Fenced):",
        "if False:",
        (_PROCESSOR,),
    ),
    Mutant(
        "a worker that is fenced lets go of the partition",
        "pipeline/kafka/lane.py",
        """\
        except Fenced:
            await self._let_go()
            await self._insist_on_opening(None)
        except Exception as error:
""",
        """\
        except Exception as error:
""",
        ("tests/unit/kafka/test_lane.py",),
    ),
    Mutant(
        "a partition that may have had another owner meanwhile is fenced and restored anew",
        "pipeline/kafka/ownership.py",
        "consecutive = generation in (self._generation, self._generation + 1)",
        "consecutive = True",
        ("tests/unit/kafka/test_ownership.py",),
    ),
    Mutant(
        "the contiguity check of batches",
        _PARTITION,
        " or batch.follows != self._checkpoint.next_offset - 1",
        "",
        (_PROCESSOR,),
    ),
    Mutant(
        "a batch that does not follow is fetched again from the checkpoint",
        "pipeline/kafka/lane.py",
        """\
        log.info("Fetching again: %s.", gap, extra=self.where)
        await self._seek()
""",
        """\
        log.info("Fetching again: %s.", gap, extra=self.where)
""",
        ("tests/unit/kafka/test_lane.py",),
    ),
    Mutant(
        "a source that begins anew is not taken for the old one",
        _PARTITION,
        "if batch.records and batch.records[0].offset < self._checkpoint.next_offset:",
        "if False:",
        (_PROCESSOR,),
    ),
    Mutant(
        "commit before the store write",
        _PARTITION,
        "            offset = outbox.commit()  # 5\n",
        """\
            held = self._state.changelog_offset()
            self._state.write(
                StateWrite(effects.values, held, effects.checkpoint, effects.due_added, effects.due_dropped)
            )
            offset = outbox.commit()  # 5
""",
        (_PROCESSOR,),
    ),
    Mutant(
        "decisions, state and checkpoint in one transaction",
        _PARTITION,
        """\
                chain(effects.outputs, changelog(self.partition, effects.values, effects.checkpoint))
            )
""",
        """\
                effects.outputs
            )
            outbox.commit()
            outbox.begin()
            outbox.produce(changelog(self.partition, effects.values, effects.checkpoint))
""",
        (_CRASH,),
    ),
    Mutant(
        "the checkpoint belongs to the values of its own batch",
        _PARTITION,
        "                chain(effects.outputs, changelog(self.partition, effects.values, effects.checkpoint))\n",
        "                chain(effects.outputs, changelog(self.partition, effects.values, self._checkpoint))\n",
        ("tests/property/test_crashes.py::test_a_crash_at_any_step_changes_nothing[commit-after-disk lost]",),
    ),
    Mutant(
        "after a commit without an answer only the changelog tells",
        _PARTITION,
        "elif isinstance(error, Uncertain):",
        "elif False:",
        (_PROCESSOR,),
    ),
    Mutant(
        "a store that missed a committed batch is restored",
        _PARTITION,
        'self._shut("the store could not be written: reopen and restore it")',
        "pass",
        (_PROCESSOR,),
    ),
    Mutant(
        "what a failed batch did to records in memory is dropped",
        _PARTITION,
        """\
        self._fold.drop()
        if isinstance(error, Fenced):
""",
        """\
        if isinstance(error, Fenced):
""",
        (f"{_PROCESSOR}::test_a_transaction_that_did_not_happen_leaves_everything_and_may_be_tried_again",),
    ),
    Mutant(
        "local state ahead of its changelog is not used",
        "pipeline/kafka/restore.py",
        "if start > end:",
        "if False:",
        ("tests/embedded/test_outbox_and_restore.py::test_a_state_ahead_of_its_changelog_belongs_to_another_one",),
    ),
    Mutant(
        "progress of all sources before timers",
        "pipeline/runtime/progress.py",
        "if len(known) >= sources or checkpoint.first_progress < oldest:",
        "if True:",
        ("tests/unit/runtime/test_progress.py", "tests/unit/runtime/test_shopper_fold.py"),
    ),
    Mutant(
        "the source that lags most holds the timers",
        "pipeline/runtime/progress.py",
        "min(until for until in known.values() if until >= oldest)",
        "max(known.values())",
        ("tests/unit/runtime/test_shopper_fold.py",),
    ),
    Mutant(
        "progress behind the events it speaks of",
        "pipeline/runtime/intake_fold.py",
        "            outputs.extend(self._progress(batch.partition, checkpoint, counts))\n",
        "            outputs[:0] = self._progress(batch.partition, checkpoint, counts)\n",
        ("tests/unit/runtime/test_intake_fold.py",),
    ),
    Mutant(
        "a checkpoint of a newer format is refused",
        "pipeline/runtime/checkpoint.py",
        "if checkpoint.format > CHECKPOINT_FORMAT:",
        "if False:",
        ("tests/contract/test_state_evolution.py",),
    ),
    Mutant(
        "a record of a newer format is refused",
        "pipeline/state/record.py",
        """\
        if value[:1] != _PREFIX:
            return _migrate(value)
        try:
            return self._decode(value[1:])
""",
        """\
        try:
            return self._decode(value[1:])
""",
        ("tests/contract/test_state_evolution.py",),
    ),
)

# Only a real broker fences, and hides what was not committed.
ON_KAFKA = (
    Mutant(
        "fencing (against a real zombie)",
        _PARTITION_OWNER,
        'f"{wiring.transactional_prefix}.{self.partition}"',
        'f"{wiring.transactional_prefix}.{self.partition}.{id(self)}"',
        (f"{_ZOMBIES}::TestApacheKafka",),
    ),
    Mutant(
        "a fenced producer is told as fenced",
        _OUTBOX,
        "if problem.code() in _FENCED:",
        "if False:",
        (_FENCING,),
    ),
    Mutant(
        "a restore reads committed records only",
        "pipeline/kafka/restore.py",
        '"isolation.level": "read_committed"',
        '"isolation.level": "read_uncommitted"',
        (f"{_ZOMBIES}::test_nothing_is_restored_of_a_transaction_that_was_torn",),
    ),
    Mutant(
        "an agent reads committed records only",
        "pipeline/kafka/consumer_thread.py",
        '"_isolation_level": "read_committed"',
        '"_isolation_level": "read_uncommitted"',
        (f"{_ZOMBIES}::test_nobody_acts_on_an_event_that_intake_took_back",),
    ),
)
