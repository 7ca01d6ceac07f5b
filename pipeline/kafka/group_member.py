"""This worker as a member of its consumer group: what aiokafka lacks of static membership (KIP-345)."""

import asyncio
from typing import Any

from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.errors import UnknownMemberIdError
from aiokafka.protocol.group import JoinGroupRequest, SyncGroupRequest

FENCED_INSTANCE_ID = 82
"""Kafka's error code for it; aiokafka does not know it."""


class MembershipLost(Exception):
    """This worker can't be a member of its group any more; the message says why."""


class GroupMember(GroupCoordinator):  # type: ignore[misc]  # aiokafka tells no types
    """A member that hears of another process under its own `group.instance.id`.

    Kafka says so only to a member that names both its ids, the member's and the instance's. Stock aiokafka drops the
    former at the first error and joins as a newcomer, which throws out the other: the two would do so for ever.
    """

    member_id: str

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._known_as = ""
        self._replaced = False
        super().__init__(*args, **kwargs)

    def check_membership(self) -> None:
        """Raises MembershipLost, and what went wrong in the group since last asked; see ConsumerThread.group_error."""
        if self._replaced:
            raise MembershipLost(
                f"Another worker of group {self.group_id} runs with the same AFTERCLICK_KAFKA_GROUP_INSTANCE_ID, "
                f"{self._group_instance_id}, and took over; give each worker an id of its own."
            )
        if self._coordination_task.done() and not self._closing.done():
            raise MembershipLost(f"This worker's part in group {self.group_id} ended by an error; see above.")
        self.check_errors()

    async def _do_rejoin_group(self, subscription: Any) -> bool:
        if self._group_instance_id is not None and not self.member_id:
            self.member_id = self._known_as
        joined: bool = await super()._do_rejoin_group(subscription)
        if joined:
            self._known_as = self.member_id
        return joined

    async def _send_req(self, request: Any) -> Any:
        response = await super()._send_req(request)
        if isinstance(request, JoinGroupRequest | SyncGroupRequest):
            if response.error_code == FENCED_INSTANCE_ID:
                self._replaced = True
                # Any error told to the fetcher would crash Faust before anybody asks for ours.
                await asyncio.wait([self._closing])
                raise UnknownMemberIdError
            if response.error_code == UnknownMemberIdError.errno:
                # The session timed out: nobody else has the id, and it joins as a newcomer.
                self._known_as = ""
        return response
