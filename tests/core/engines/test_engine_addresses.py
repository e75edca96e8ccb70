"""Engines that send to other machines: setting an address, allowing its host, and where a key may go."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import engined
import pytest
from core.cli.test_cli import say
from engined import Engined

from pixlstash_core import OWNER
from pixlstash_core.engines import settings as engines
from pixlstash_core.errors import Forbidden, Invalid
from pixlstash_core.library import Library
from pixlstash_core.plugins.settings import is_host, read_address
from pixlstash_core.types import AllowHost, EngineDetail, Reader, RunEngine, SetEngine

UNSET, REQUIRED = "formed/unset", "formed/required"
HERE, THERE = "https://api.example/v1", "https://api.example:8443/v1"
KEY = "sk-canary-91c"


@pytest.fixture
def desk(open_library: Callable[..., Library], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engined:
    return engined.make(open_library, tmp_path, monkeypatch, ("odd", "formed"))


def put(desk: Engined, engine: str = UNSET, **given: Any) -> EngineDetail:
    desk.library.set_engine(OWNER, SetEngine(engine=engine, **given))
    return desk.library.engine(OWNER, engine)


def keys(desk: Engined, **params: Any) -> str:
    """The key that a run with these settings would have."""
    catalogue = desk.library.host.catalogue
    found = catalogue.params(catalogue.offered(UNSET), params)
    return str(found.key.reveal())


@pytest.mark.parametrize("engine", [UNSET, REQUIRED])
def test_a_network_engine_without_a_default_endpoint_can_be_set_up(desk: Engined, engine: str) -> None:
    library = desk.library
    desk.take_in(1)
    detail = library.engine(OWNER, engine)
    assert detail.engine.state == "set" and detail.engine.unset
    assert detail.sends is None or not detail.sends.hosts
    with pytest.raises(Invalid, match="is not set|missing required field"):
        library.run_engine(OWNER, RunEngine(engine=engine))
    detail = put(desk, engine, params={"endpoint": THERE})
    assert detail.params["endpoint"] == THERE and detail.engine.state == "allow"
    assert detail.sends is not None and detail.sends.hosts == ["api.example"] and not detail.sends.on
    with pytest.raises(Invalid, match=rf"`pixlstash engine allow {engine} api\.example` allows it"):
        library.run_engine(OWNER, RunEngine(engine=engine))
    allowed = library.allow_host(OWNER, AllowHost(engine, "api.example"))
    assert allowed.sends is not None and allowed.sends.on and allowed.engine.state == "ready"


def test_settings_that_an_update_no_longer_knows_can_be_changed(desk: Engined) -> None:
    kept = engines.EngineSettings({"endpoint": HERE, "gone": 7})
    desk.library.writer.run(lambda write: engines.put_settings(write, UNSET, kept), engined_label())
    detail = desk.library.engine(OWNER, UNSET)
    assert detail.params == {"endpoint": HERE} and detail.engine.state == "set" and "gone" in detail.engine.unset
    assert put(desk, params=detail.params).engine.state == "allow"


def engined_label() -> Any:
    from pixlstash_core.database.writer import Label

    return Label("", "", undoable=False)


@pytest.mark.parametrize("given", [HERE, "api.example", "api.example:8443", "HTTPS://API.EXAMPLE:8443"])
def test_the_hint_is_in_a_form_that_allow_accepts(
    desk: Engined, tmp_path: Path, given: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.take_in(1)
    put(desk, params={"endpoint": given})
    with pytest.raises(Invalid) as refused:
        desk.library.run_engine(OWNER, RunEngine(engine=UNSET))
    verb, engine, host = str(refused.value).split("`")[1].split()[2:]
    assert (verb, engine) == ("allow", UNSET)
    detail = desk.library.allow_host(OWNER, AllowHost(engine, host))
    assert detail.sends is not None and detail.sends.on


def test_it_is_set_up_by_the_command_line(tmp_path: Path, blank: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import shutil

    from libraries import install

    site = install(tmp_path / "site", Path(__file__).parents[2] / "plugins" / "sending")
    monkeypatch.syspath_prepend(str(site))
    path = Path(shutil.copytree(blank, tmp_path / "library"))
    shown = say(path, "engine", "show", "sending")
    assert shown.code == 0 and "! The address that it sends pictures to is not set." in shown.out
    assert say(path, "engine", "allow", "sending", "api.example").code == 0
    assert say(path, "engine", "allow", "sending", "api.example", "--no-longer").code == 0
    assert say(path, "engine", "set", "sending", "-p", f"endpoint={THERE}").code == 0
    shown = say(path, "engine", "show", "sending").out
    (hint,) = [line for line in shown.splitlines() if "engine allow" in line]
    assert say(path, *hint.split("`")[1].split()[1:]).code == 0
    assert json.loads(say(path, "engine", "show", "sending", "--json").out)["sends"]["on"]


@pytest.mark.parametrize(
    ("text", "host", "origin"),
    [
        ("https://A.example/v1", "a.example", "https://a.example:443"),
        ("http://a.example:8080", "a.example", "http://a.example:8080"),
        ("http://[::1]:8080/v1", "::1", "http://[::1]:8080"),
        ("grpc://a.example", "a.example", "grpc://a.example"),
        ("https://name:pass@a.example", "a.example", "https://a.example:443"),
        ("a.example", "a.example", ""),
        ("a.example:80", "a.example", ""),
        ("192.0.2.7:80", "192.0.2.7", ""),
        ("::1", "::1", ""),
        ("[::1]:80", "::1", ""),
    ],
)
def test_addresses_that_are_read(text: str, host: str, origin: str) -> None:
    assert read_address(text) == (host, origin) and is_host(host)


@pytest.mark.parametrize(
    "text", ["", "https://", "http://a b", "a:b:80x", "http://a:99999", "-a", "://a", "https://a\nb", "https://a\\@b"]
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(ValueError):
        read_address(text)


def test_a_plugin_that_names_no_address_says_so_in_its_name(desk: Engined) -> None:
    desk.take_in(1)
    put(desk, params={"endpoint": "no address at all"})
    with pytest.raises(
        Exception, match=r"Unset \(extra 0\): `sends` must give URLs.*'no address at all' is no address"
    ):
        desk.library.run_engine(OWNER, RunEngine(engine=UNSET))
    assert put(desk, params={"endpoint": HERE}).engine.state == "allow"


# -- keys --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "other",
    [
        "https://evil.example/v1",
        "http://api.example/v1",  # another scheme
        THERE,  # another port
        "https://api.example.evil.example/v1",
    ],
)
def test_a_key_does_not_follow_to_another_address(desk: Engined, other: str) -> None:
    put(desk, params={"endpoint": HERE}, secrets={"key": KEY})
    assert keys(desk, endpoint=HERE) == KEY and keys(desk, endpoint="https://api.example:443/other/path") == KEY
    assert keys(desk, endpoint=other) == ""  # with the settings of one run
    detail = put(desk, params={"endpoint": other})  # and with its own
    assert (detail.secrets, detail.secrets_elsewhere) == ([], ["key"]) and keys(desk, endpoint=other) == ""
    detail = put(desk, secrets={"key": "another"})
    assert (detail.secrets, detail.secrets_elsewhere) == (["key"], [])
    assert (keys(desk, endpoint=other), keys(desk, endpoint=HERE)) == ("another", KEY)
    put(desk, secrets={"key": ""})  # forgotten, and not at one address only
    assert keys(desk, endpoint=HERE) == keys(desk, endpoint=other) == "" and KEY not in stored(desk)


def stored(desk: Engined) -> str:
    return repr(desk.library.hub.read("select value from setting where name like 'engine.secrets:%'"))


def test_a_key_that_was_stored_without_its_address_is_sent_nowhere(desk: Engined) -> None:
    name = f"engine.secrets:{UNSET}"
    desk.library.hub.write("insert into setting values (?, ?)", (name, json.dumps({"key": KEY})))
    detail = put(desk, params={"endpoint": HERE})
    assert (detail.secrets, detail.secrets_elsewhere) == ([], ["key"]) and keys(desk, endpoint=HERE) == ""
    # An engine that sends nothing has it as ever.
    desk.library.hub.write(
        "insert into setting values (?, ?)", ("engine.secrets:odd/colours", json.dumps({"key": KEY}))
    )
    assert desk.library.engine(OWNER, "odd/colours").secrets == ["key"]


@pytest.mark.parametrize("endpoint", ["", "api.example", "api.example:443"])
def test_a_key_needs_scheme_host_and_port(desk: Engined, endpoint: str) -> None:
    with pytest.raises(Invalid, match="before its address is set with scheme, host and port"):
        put(desk, params={"endpoint": endpoint}, secrets={"key": KEY})
    assert KEY not in stored(desk)


REFUSED: dict[str, dict[str, Any]] = {
    "a setting of the wrong type": {"params": {"endpoint": 7}},
    "a policy before its host is allowed": {"params": {"endpoint": THERE}, "policy": "new"},
    "a threshold of what is no tagger": {"params": {"endpoint": THERE}, "threshold": 0.5},
    "a secret it does not have": {"secrets": {"key": KEY, "other": "x"}, "default": True},
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_refused_set_engine_stores_nothing(desk: Engined, what: str) -> None:
    put(desk, params={"endpoint": HERE}, secrets={"key": "former"})
    library = desk.library
    before = stored(desk), library.db.read("select * from setting"), library.db.read("select * from producer")
    given = {"secrets": {"key": KEY}, "default": True, **REFUSED[what]}
    with pytest.raises(Invalid):
        put(desk, **given)
    assert before == (stored(desk), library.db.read("select * from setting"), library.db.read("select * from producer"))
    assert KEY not in stored(desk)


def test_a_change_that_cannot_be_written_stores_no_key(desk: Engined, monkeypatch: pytest.MonkeyPatch) -> None:
    put(desk, params={"endpoint": HERE}, secrets={"key": "former"})

    def full(*_: object) -> None:
        raise Invalid("no room")

    monkeypatch.setattr(engines, "put_settings", full)
    with pytest.raises(Invalid, match="no room"):
        put(desk, secrets={"key": KEY})
    assert keys(desk, endpoint=HERE) == "former" and KEY not in stored(desk)


@pytest.mark.parametrize("principal", ["token:abc", "share:x", ""])
def test_hosts_and_secrets_are_for_the_owner_in_person(desk: Engined, principal: str) -> None:
    program = Reader(principal, "owner")
    library = desk.library
    put(desk, params={"endpoint": HERE})
    for act in (
        lambda: library.allow_host(program, AllowHost(UNSET, "api.example")),
        lambda: library.allow_host(program, AllowHost(UNSET, "api.example", False)),
        lambda: library.set_engine(program, SetEngine(engine=UNSET, secrets={"key": KEY})),
        lambda: library.set_engine(program, SetEngine(engine=UNSET, secrets={"key": ""})),
    ):
        with pytest.raises(Forbidden, match="logged in and not through a token"):
            act()
    library.set_engine(program, SetEngine(engine=UNSET, params={"endpoint": THERE}))  # settings are no secrets
    for person in (OWNER, Reader("local", "owner")):
        library.allow_host(person, AllowHost(UNSET, "api.example"))
        library.set_engine(person, SetEngine(engine=UNSET, secrets={"key": KEY}))
