"""Builds every room and connects them: one function for the server, tests and benchmarks.

    plugs ◄─ monkey ◄─ api ◄─ curl, pages
    sensors ─┘ │ └──── panel ◄─ buttons
       cluster ┴► events ─► tracker ─► recorder
                    └─────► board ─► hub ─► websockets
       presenter, phones ─► room ─► audience publisher ─┘

`runtime` starts and stops what is built here. All subscriptions are in `_subscribe`; the order of
its lines is the order in which subscribers are called.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import get_args

from chaosmonkey.access import Rates, Sessions, Tokens
from chaosmonkey.api import Context
from chaosmonkey.api.middleware.authentication import Authenticator
from chaosmonkey.api.transport.client_limits import framed
from chaosmonkey.api.transport.work_queue import WorkQueue
from chaosmonkey.audience import JoinCodes, Room, Seats
from chaosmonkey.audience.assessments import Assessments
from chaosmonkey.clock import Clock, Heartbeat
from chaosmonkey.cluster import Client, ClusterWatch, Inspector
from chaosmonkey.config import Lab
from chaosmonkey.control.monkey import Monkey
from chaosmonkey.dispatch import Concluded, Dispatch, EndedEarly, OutagesChanged, StoryLog
from chaosmonkey.events import EntriesCounted, Events, PhonesCounted, RoomChanged, TableChanged
from chaosmonkey.hub import AudiencePublisher, BoardPublisher, Hub, PhoneStream, Presence
from chaosmonkey.model import (
    ClockStepped,
    Event,
    FeedKind,
    FeedSensed,
    Outage,
    Paused,
    PlugCut,
    PlugRestored,
)
from chaosmonkey.outage.tracker import Tracker
from chaosmonkey.panel import Devices, Panel
from chaosmonkey.plugs import PlugBoard
from chaosmonkey.preflight import PreflightContext, check_everything
from chaosmonkey.readiness import reasons_against
from chaosmonkey.scale import Edges
from chaosmonkey.sensors import SensorBoard
from chaosmonkey.store import Audit, Database, Journal, Recorder, Records, RoundRecorder, Rounds


@dataclass(frozen=True, slots=True)
class Outside:
    """What a server is given from outside.

    Attributes:
        clock: the server's time, faster than real time in a demo.
        wall: wall-clock time, for what outlives the process.
        pace: real time, for people and devices.
        key: signs seats, sessions and join codes.
        own_names: names and addresses of the machine that runs the server.
        join_url: where phones join.
        restored: plugs with an open journal entry, and when they were read back as on.
        unrestored: plugs that should be on but could not be turned on.
    """

    lab: Lab
    plugs: PlugBoard
    sensors: SensorBoard
    devices: Devices
    client: Client
    database: Database
    journal: Journal
    clock: Clock
    wall: Clock
    pace: Clock
    key: bytes
    join_url: Callable[[], str]
    own_names: Callable[[], frozenset[str]] = frozenset
    restored: Mapping[tuple[str, FeedKind], float] = field(
        default_factory=lambda: MappingProxyType({})
    )
    unrestored: Set[tuple[str, FeedKind]] = frozenset()


@dataclass(frozen=True, slots=True)
class Composition:
    """Every room, connected but not yet running."""

    events: Events
    tracker: Tracker
    watch: ClusterWatch
    monkey: Monkey
    hub: Hub
    board: BoardPublisher
    room: Room
    presence: Presence
    phones: PhoneStream
    audience_publisher: AudiencePublisher
    panel: Panel
    dispatch: Dispatch
    heartbeat: Heartbeat
    ended_early: EndedEarly
    records: Records
    recorder: Recorder
    rounds: Rounds
    round_recorder: RoundRecorder
    audit: Audit
    tokens: Tokens
    sessions: Sessions
    edges: Edges | None
    context: Context


def compose(outside: Outside) -> Composition:
    """Build every room and subscribe them; starts nothing and waits for nothing."""
    lab, clock, pace, database = outside.lab, outside.clock, outside.pace, outside.database
    events = Events()

    table_changed = partial(events.publish, TableChanged())
    room_changed = partial(events.publish, RoomChanged())
    entries_counted = partial(events.publish, EntriesCounted())
    phones_counted = partial(events.publish, PhonesCounted())

    phone_work = WorkQueue()
    nodes = {machine.node_name: machine.name for machine in lab.machine}
    tracker = Tracker(nodes, began=clock.now())
    monkey = Monkey(
        lab,
        plugs=outside.plugs,
        journal=outside.journal,
        tracker=tracker,
        publish=events.publish,
        changed=table_changed,
        clock=clock,
        pace=pace,
        sensors=outside.sensors,
        own_names=outside.own_names,
        restored=outside.restored,
        unrestored=outside.unrestored,
    )
    hub = Hub(clock.now)
    board = BoardPublisher(
        hub,
        lab,
        world=tracker.world,
        plugs=outside.plugs,
        cuts=monkey.cuts,
        feed_monitor=monkey.feed_monitor,
        cooldown_until=monkey.cooldown_until,
        facts=monkey.facts,
        found_off=monkey.found_off,
    )
    records, rounds = Records(database), Rounds(database)
    recorder = Recorder(records, clock)
    round_recorder = RoundRecorder(rounds, pace)
    room = Room(
        lab,
        monkey=monkey,
        clock=clock,
        changed=room_changed,
        counted=entries_counted,
        assessments=Assessments(
            lab, facts=monkey.facts, current_slice=lambda: phone_work.current_slice
        ),
        keeper=round_recorder,
        codes=JoinCodes(outside.key, lab.audience, pace),
    )
    edges = Edges(pace, phones_counted) if lab.scale is not None else None
    presence = Presence(
        room_changed,
        phones_counted,
        elsewhere=lambda: 0 if edges is None else edges.phones,
    )
    phones = PhoneStream(clock.now, framed)
    audience_publisher = AudiencePublisher(
        hub,
        phones,
        lab,
        room=room,
        presence=presence,
        safety=lambda: monkey.safety,
        join_url=outside.join_url,
        scale=lambda: None if edges is None else edges.view,
    )
    audit = Audit(database, clock)
    panel = Panel(
        lab,
        outside.devices,
        monkey=monkey,
        tracker=tracker,
        note=audit.note,
        clock=clock,
        pace=pace,
    )
    tokens = Tokens(lab.server.data)
    sessions = Sessions(outside.key, lab.server.data, outside.wall)
    heartbeat = Heartbeat(clock, pace, speed=lab.speed)
    context = Context(
        lab=lab,
        clock=clock,
        hub=hub,
        monkey=monkey,
        tracker=tracker,
        records=records,
        recorder=recorder,
        round_recorder=round_recorder,
        not_ready=lambda: reasons_against(
            world=tracker.world,
            panel=panel,
            tokens=tokens,
            monkey=monkey,
            plugs=outside.plugs,
            unusable=database.unusable,
        ),
        room=room,
        seats=Seats(outside.key),
        presence=presence,
        phones=phones,
        inspector=Inspector(outside.client),
        authenticator=Authenticator(
            tokens,
            sessions,
            Rates(pace),
            open_here=lab.server.open_here,
            presenter_token=lab.server.presenter_token,
        ),
        audit=audit,
        join_url=outside.join_url,
        phone_work=phone_work,
        publish_counts=audience_publisher.show_now,
        preflight=lambda: check_everything(
            PreflightContext(lab, outside.plugs, monkey.feed_monitor, panel.troubles),
            outside.client,
            clock,
        ),
    )
    composition = Composition(
        events=events,
        tracker=tracker,
        watch=ClusterWatch(outside.client, events.publish, lab.cluster, clock=clock, pace=pace),
        monkey=monkey,
        hub=hub,
        board=board,
        room=room,
        presence=presence,
        phones=phones,
        audience_publisher=audience_publisher,
        panel=panel,
        dispatch=Dispatch(tracker, events, heartbeat),
        heartbeat=heartbeat,
        ended_early=EndedEarly(events),
        records=records,
        recorder=recorder,
        rounds=rounds,
        round_recorder=round_recorder,
        audit=audit,
        tokens=tokens,
        sessions=sessions,
        edges=edges,
        context=context,
    )
    _subscribe(composition)
    return composition


def _subscribe(it: Composition) -> None:
    """Subscribe every room to the events it needs, in order."""
    events, story = it.events, StoryLog()
    events.subscribe(Paused, lambda pause: it.room.paused(pause.at - pause.since))
    events.subscribe(ClockStepped, lambda step: it.monkey.clock_stepped(step.by))
    events.subscribe(ClockStepped, lambda step: it.room.clock_stepped(step.by))
    events.subscribe(ClockStepped, lambda step: it.watch.clock_stepped(step.by))
    for kind in get_args(Event):
        events.subscribe(kind, it.dispatch.fold)
        events.subscribe(kind, it.board.after)
        events.subscribe(kind, it.dispatch.publish_changed)
    events.subscribe(PlugCut, it.room.current_round.cut_by_others)
    events.subscribe(ClockStepped, it.ended_early.forget)
    events.subscribe(PlugRestored, it.ended_early.feed_is_back)
    events.subscribe(FeedSensed, it.ended_early.feed_is_back)

    events.subscribe(Outage, it.recorder.keep)
    events.subscribe(Outage, it.board.show_outage)
    events.subscribe(Outage, story.log_new_lines)
    events.subscribe(Outage, it.ended_early.note)
    events.subscribe(Concluded, lambda concluded: it.room.outage_has_outcome(concluded.outage))
    events.subscribe(OutagesChanged, lambda _: it.audience_publisher.show())

    events.subscribe(TableChanged, lambda _: it.board.show_machines())
    events.subscribe(TableChanged, lambda _: it.audience_publisher.show())
    events.subscribe(RoomChanged, lambda _: it.audience_publisher.show())
    events.subscribe(EntriesCounted, lambda _: it.audience_publisher.show_soon())
    events.subscribe(PhonesCounted, lambda _: it.audience_publisher.show_headcount())
