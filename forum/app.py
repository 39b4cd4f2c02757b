"""The composition root: builds everything once, and its lifespan is the order in which things open and close."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import TypedDict

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount, Route

from forum.adapters import picture_process
from forum.adapters.backups import Backups
from forum.adapters.clock import SystemClock
from forum.adapters.known_record import Keeper
from forum.adapters.last_checkpoint import COSIGNED, CheckpointFile
from forum.adapters.sign_on import provider_of
from forum.adapters.signing_key import KeyPlace
from forum.adapters.webhook_http import WebhookHttp
from forum.adapters.witness_http import WitnessHttp
from forum.errors import StartupProblem
from forum.live.brokers import broker_of
from forum.live.loop_lag import LoopLag
from forum.live.messages import Screen
from forum.live.rooms import Rooms
from forum.live.shared_rooms import SharedRooms
from forum.ports.clock import Clock
from forum.rehearsal.playing import Rehearsals
from forum.services.checkpoints import Checkpoints
from forum.services.duty import Duty
from forum.services.mail.delivery import Mailing
from forum.services.noticed import NoticedCounts, link_of_follower
from forum.services.organisation import Face
from forum.services.record_watch import RecordWatch
from forum.services.retention import Retention
from forum.services.scrub import scrub
from forum.services.sessions.asynchronous import closer
from forum.services.webhook_delivery import Deliveries
from forum.services.witnesses import Witnesses
from forum.sessions.view import RoomView
from forum.settings import Settings
from forum.store import migrate, open_store
from forum.web.errors import HANDLERS
from forum.web.i18n.dates import keep_time
from forum.web.i18n.gettext import say, speaking
from forum.web.i18n.languages import LOCALES, load
from forum.web.live.screens import screen_context
from forum.web.middleware import BodyLimit, OriginCheck, ReadersLanguage, SecurityHeaders
from forum.web.rate_limits import Limits
from forum.web.request_log import RequestLog
from forum.web.routes import routes
from forum.web.server.prefix import BelowPrefix, prefix_of
from forum.web.server.proxies import ForwardedHeaders, Proxies
from forum.web.server.refusals import Refusals
from forum.web.shared_limits import SharedLimits
from forum.web.site import Site
from forum.web.stories.mail import ONE_CLICK
from forum.web.templates import environment
from forum.web.words.letters import MailLetters

MOST_BODY = 1024 * 1024


def _check_free(prefix: str) -> None:
    """Raises StartupProblem for a prefix that begins as Forum's own addresses do: nobody could tell which is meant."""
    first = prefix.split("/")[1] if prefix else ""
    if first and first in {route.path.split("/")[1] for route in routes() if isinstance(route, Route | Mount)}:
        words = "FORUM_PUBLIC_URL: Forum has pages of its own below /%(first)s. Choose another path, as /forum."
        raise StartupProblem(words, first=first)


class _Nothing(TypedDict):
    pass


def build(settings: Settings, address: str = "", clock: Clock | None = None, here: str = "") -> Starlette:
    """Builds the whole application. `address` is how phones reach this machine where no public address is set; `clock`
    takes the place of the machine's. `here` is how this machine reaches itself, for the made-up people of rehearsals.
    """
    address = settings.public_url or address or f"http://127.0.0.1:{settings.port}"
    templates = environment(prefix_of(settings))
    _check_free(prefix_of(settings))
    keep_time(settings.timezone)
    time = clock or SystemClock()
    proxies = Proxies(settings)
    broker = broker_of(settings.broker_url)
    provider_of(settings.oidc, address)  # refuses to start where its libraries are not there
    languages = load([LOCALES, *([settings.locales] if settings.locales else [])])

    def draw(kind: Screen, view: RoomView, language: str) -> str:
        with speaking(languages.choose(language.partition("+")[0])):
            return templates.get_template(f"live/screens/{kind}.html").render(**screen_context(address, view, language))

    def tell(message: str, language: str) -> str:
        with speaking(languages.choose(language.partition("+")[0])):
            return say(message)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[_Nothing]:
        await migrate(settings.database_url)
        store = await open_store(settings.database_url)
        await scrub(store)
        duty = Duty(store)
        await duty.look()
        signer = KeyPlace.of(settings).signer()
        rooms = (
            Rooms(store, time, draw, tell, settings.joins_per_session)
            if broker.alone
            else SharedRooms(
                store, time, draw, tell, settings.joins_per_session, broker=broker, key=signer.secret("rooms")
            )
        )
        closes = closer(store, time)
        keeper = Keeper(store, settings.data)
        post = None
        if settings.mail:
            from forum.adapters.smtp import SmtpPost  # noqa: PLC0415 - a start without mail does not wait for it

            post = SmtpPost(settings.mail)
        face = Face(store)
        await face.refresh()
        letters = MailLetters(address, lambda: face.now)
        mailing = Mailing(store, time, post, letters, partial(link_of_follower, signer.secret("noticed")))
        noticed = NoticedCounts(store, time)
        checkpoints = Checkpoints(
            store,
            signer,
            CheckpointFile(settings.data),
            cosigned=CheckpointFile(settings.data, COSIGNED),
            witnesses=[one.id for one in settings.witnesses],
            clock=time,
        )
        witnesses = Witnesses(checkpoints, time, settings.witnesses, WitnessHttp(), duty.mine)
        watch = RecordWatch(checkpoints, time, settings.record_check, settings.timezone, may=duty.mine)
        played = Rehearsals(store, time, rooms, here, shared=not broker.alone)
        backups = Backups(settings, time, duty.mine)
        provider = provider_of(settings.oidc, address)
        lag = LoopLag()
        hooks = WebhookHttp(private=settings.webhook_private)
        retention = Retention(store, time, settings.operator.periods)
        limits = SharedLimits(Limits(), broker, signer.secret("limits"))
        app.state.site = Site(
            settings=settings,
            store=store,
            clock=time,
            checkpoints=checkpoints,
            record_watch=watch,
            witnesses=witnesses,
            rooms=rooms,
            rehearsals=played,
            templates=templates,
            limits=limits.here,
            device_secret=signer.secret("devices"),
            noticed_secret=signer.secret("noticed"),
            second_step_secret=signer.secret("second steps"),
            ticket_secret=signer.secret("tickets"),
            check_file=picture_process.checked,
            proxies=proxies,
            mailing=mailing,
            deliveries=(deliveries := Deliveries(store, time, hooks, address, signer.secret("webhooks"))),
            provider=provider,
            languages=languages,
            face=face,
            address=address,
        )
        # Ended in the other order, each of them whatever becomes of the others.
        async with AsyncExitStack() as ending:
            ending.push_async_callback(store.close)
            ending.push_async_callback(broker.stop)
            ending.callback(limits.stop)
            for stop in (
                duty.stop,
                backups.stop,
                retention.stop,
                face.stop,
                lag.stop,
                watch.stop,
                witnesses.stop,
                keeper.stop,
                noticed.stop,
                mailing.stop,
                deliveries.stop,
                closes.stop,
                rooms.close,
                played.close,
            ):
                ending.push_async_callback(stop)
            if provider is not None:
                ending.push_async_callback(provider.stop)
                provider.start()
            await played.recover()
            played.start_recovering()
            duty.start()
            limits.start()
            await broker.start()
            for one in (keeper, watch, witnesses, closes, mailing, deliveries, noticed, retention, backups, face, lag):
                one.start()
            await rooms.start()
            yield _Nothing()

    return Starlette(
        routes=routes(),
        lifespan=lifespan,
        exception_handlers=HANDLERS,
        middleware=[
            Middleware(RequestLog, lines=settings.log_level == "debug"),
            Middleware(ForwardedHeaders, proxies=proxies),
            Middleware(BelowPrefix, prefix=prefix_of(settings)),
            Middleware(SecurityHeaders),
            Middleware(ReadersLanguage, languages=languages),
            Middleware(OriginCheck, public_url=settings.public_url, keyed=ONE_CLICK),
            Middleware(Refusals),
            Middleware(BodyLimit, max_body_size=MOST_BODY),
        ],
    )
