"""Credentials and the home folder's name stay out of everything that a search leaves or says."""

from __future__ import annotations

import sqlite3

import pytest
from calling import here
from world import make_images, without_ray
from wrong_input import RUN
from wrong_searches import FOREST

from automl import planning
from automl.disclosure import hidden, public, recorded
from automl.ledger import read_events
from automl.tracking.plan_view import parent_run

SECRET = "hunter2-secret"


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home folder with images, and a password in the environment."""
    home = tmp_path / "ada.lovelace"
    make_images(home / "images")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "ada")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", SECRET)
    monkeypatch.chdir(tmp_path)
    return home


def words(home, *more):
    own = (f"data.root={home}/images", f"paths.runs={home}/runs", f"paths.cache={home}/data")
    return [*RUN[:3], *own, *FOREST, "name=forest", *more]


def files(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.slow
def test_nothing_of_a_tracked_search_tells(home, capsys, monkeypatch):
    uri = f"tracking.uri='sqlite:///{home}/mlflow/mlflow.db?password={SECRET}'"
    with without_ray(tracked=True):
        said = here("run", words(home, uri, "tracking.artifacts=null"), capsys, monkeypatch)
    assert (said.status, said.err) == (0, "")
    assert SECRET not in said.out
    left = files(home)
    assert {"ledger.jsonl", "config.yaml", "report.html", "mlflow.db"} <= {p.name for p in left}
    assert [path for path in left if SECRET.encode() in path.read_bytes()] == []
    for name in ("report.html", "config.yaml", "results.json"):
        assert str(home) not in (home / "runs/forest" / name).read_text(), name
    with sqlite3.connect(home / "mlflow/mlflow.db") as database:
        values = dict(database.execute("select key, value from params"))
        tags = [value for (value,) in database.execute("select value from tags")]
    database.close()
    assert values["data.root"] == "~/images"
    assert values["tracking.uri"].startswith("sqlite:///~/mlflow/mlflow.db")
    assert [value for value in [*values.values(), *tags] if str(home) in value] == []


@pytest.mark.slow
def test_user_and_password_of_a_server_are_not_kept(home, capsys, monkeypatch):
    uri = f"tracking.uri='http://ada:{SECRET}@127.0.0.1:9'"
    monkeypatch.setattr(planning, "check_uri", lambda uri: None)
    with without_ray(tracked=False):
        said = here("run", words(home, uri), capsys, monkeypatch)
    assert (said.status, said.err) == (0, "")
    assert SECRET not in said.out
    assert [path for path in files(home) if SECRET.encode() in path.read_bytes()] == []
    for name in ("report.html", "config.yaml", "results.json"):
        assert str(home) not in (home / "runs/forest" / name).read_text(), name
    (plan, *_), _ = read_events(home / "runs/forest/ledger.jsonl")
    tracked = parent_run(plan)
    assert tracked.params["data.root"] == "~/images"
    assert tracked.params["tracking.uri"] == "http://…@127.0.0.1:9"
    texts = [*tracked.params.values(), *map(str, tracked.tags.values())]
    assert [text for text in texts if str(home) in text or SECRET in text] == []
    said = here("sync", ["forest", f"runs={home}/runs"], capsys, monkeypatch)
    assert said.status == 2
    assert "http://…@127.0.0.1:9, without credentials; say which with uri=" in said.err


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("postgresql://ada:p@127.0.0.1/db", "postgresql://…@127.0.0.1/db"),
        ("postgresql://ada:p/q@h/db", "postgresql://…@h/db"),
        ("http://token@host", "http://…@host"),
        ("http://ada:p@ss@h/a", "http://…@h/a"),
        ("http://h/a?api_key=k&x=2", "http://h/a?api_key=…&x=2"),
        ("mysql+pymysql://h/db?ssl=1&password=p&x=2", "mysql+pymysql://h/db?ssl=1&password=…&x=2"),
        ("sqlite:////data/a@b:c@d/mlflow.db", "sqlite:////data/a@b:c@d/mlflow.db"),
        ("http://127.0.0.1:5000/a", "http://127.0.0.1:5000/a"),
        ("s3://bucket/mlflow", "s3://bucket/mlflow"),
    ],
)
def test_what_is_hidden_of_a_uri(uri, shown):
    assert hidden(uri) == shown
    assert hidden(f"tracking uri {uri!r}: no") == f"tracking uri {shown!r}: no"
    config = {"tracking": {"uri": uri}, "cluster": {"address": "auto"}, "seed": 0}
    assert recorded(config) == config | {"tracking": {"uri": shown}}


def test_only_the_home_folder_itself_is_hidden(monkeypatch):
    monkeypatch.setenv("HOME", "/home/ada")
    text = "/home/ada /home/ada/x sqlite:////home/ada/x.db '/home/adam' /mnt/home/ada"
    assert public(text) == "~ ~/x sqlite:///~/x.db '/home/adam' /mnt/home/ada"
    monkeypatch.setenv("HOME", "/")
    assert public("/data/x") == "/data/x"
