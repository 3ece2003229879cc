"""Several searches by one command: names, order, failures, stops, and what is said at the end."""

from __future__ import annotations

import copy
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from functools import cache
from itertools import product
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import automl.search
from automl import run
from automl.compose import Command, Job, compose_command, compose_plain
from automl.errors import SearchError, UserError
from automl.multirun import plan_searches
from automl.results import write_json

CONF = Path(__file__).parent / "conf"
STUBS = Path(__file__).parents[1] / "automl" / "stubs"
STUB = (f"--config-dir={CONF}", "search=stub", "tracking=none")
PROGRAMME = (*STUB, "-m", "seed=0,1,2", "select=synthetic,real")


@cache
def stub_config():
    return compose_command(STUB).jobs[0].config


def composed(words):
    """What Hydra makes of overrides of plain keys, in no time."""
    given = [word.partition("=") for word in words if word not in (*STUB, "-m")]
    jobs = []
    for values in product(*(text.split(",") for _, _, text in given)):
        config = copy.deepcopy(stub_config())
        for (key, _, _), value in zip(given, values, strict=True):
            *sections, leaf = key.split(".")
            section = config
            for name in sections:
                section = section[name]
            section[leaf] = yaml.safe_load(value)
        overrides = [f"{key}={value}" for (key, _, _), value in zip(given, values, strict=True)]
        jobs.append(Job(tuple(overrides), config))
    return Command(tuple(jobs), "-m" in words)


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """The results of a search, found without Ray."""
    sys.path.insert(0, str(STUBS))
    import bench

    return bench.drive(tmp_path_factory.mktemp("search") / "stub", "random")


@pytest.fixture
def command(tmp_path, monkeypatch, capsys, found):
    """The command in this process, with searches that cost nothing or end as told by number."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["automl"])
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    before = signal.getsignal(signal.SIGTERM)
    names, ends = [], {}

    def run_search(checked, name, config):
        names.append(name)
        end = ends.get(len(names))
        if end is not None:
            end()
        folder = checked.settings.runs / name
        folder.mkdir(parents=True, exist_ok=True)
        write_json({**found, "name": name}, folder / "results.json")
        return f"Search {name} finished"

    monkeypatch.setattr(automl.search, "run_search", run_search)

    def call(*words, hydra=False, **told):
        monkeypatch.setattr(
            "automl.compose.compose_command", compose_command if hydra else composed
        )
        names.clear()
        ends.clear()
        ends.update({int(number.removeprefix("at")): end for number, end in told.items()})
        status = run.main(words)
        shown = capsys.readouterr()
        return status, list(names), shown.out, shown.err

    yield call
    signal.signal(signal.SIGTERM, before)


def raising(error):
    def end():
        raise error

    return end


def rows(out):
    """The lines of the overview by the number of the search, without the test accuracies."""
    table = out[out.index("Multirun: ") : out.index("Run folders:")].split("Test accuracy")[0]
    return {int(line.split()[0]): line for line in table.splitlines() if re.match(r"\d+  ", line)}


def test_six_searches_have_names_of_their_own_and_one_summary(command, tmp_path):
    status, names, out, err = command(*PROGRAMME, hydra=True)
    assert (status, err) == (0, "")
    assert len(set(names)) == 6
    for name, (seed, select) in zip(
        names, [(s, d) for s in range(3) for d in ("synthetic", "real")], strict=True
    ):
        assert name.startswith(f"stub-demo-seed{seed}-" + ("real-" if select == "real" else ""))
    assert "Search 4 of 6: seed=1 select=real" in out
    assert out.count("Multirun: 6 searches, 6 finished") == 1
    assert sorted(rows(out)) == [1, 2, 3, 4, 5, 6]
    assert all("finished" in row and "10 trials" in row for row in rows(out).values())
    (compared,) = re.findall(r"Compare: .* -m automl\.compare (.*)", out)
    assert shlex.split(compared) == names
    # Nothing of Hydra's is left behind.
    assert sorted(path.name for path in tmp_path.iterdir()) == ["runs"]
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == sorted(names)
    assert command(*PROGRAMME)[1] == names, "the same command finds the same searches"


def test_the_summary_says_what_each_search_found(command, found):
    _, _, out, _ = command(*PROGRAMME)
    for entry in found["evaluation"]["domains"]:
        low, high = (f"{100 * bound:.1f}" for bound in entry["interval"])
        cell = f"{100 * entry['accuracy']:.1f} % ({low}–{high})"
        assert out.count(cell) >= 6
    chosen = next(entry for entry in found["confirmation"] if entry["chosen"])
    assert all(f"{100 * chosen['mean']:.1f} %" in row for row in rows(out).values())


@pytest.mark.parametrize(
    ("error", "status", "word", "said"),
    [
        (SearchError("the disk is full"), 1, "failed", "the disk is full; the same command goes"),
        (UserError("select: no such domain"), 2, "refused", "select: no such domain"),
        (ZeroDivisionError("by nought"), 1, "failed", "ZeroDivisionError: by nought"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_a_search_that_fails_does_not_stop_the_others(command, error, status, word, said):
    got, names, out, err = command(*PROGRAMME, at2=raising(error))
    assert (got, len(names)) == (status, 6)
    assert f"5 finished, 1 {word}" in out
    assert word in rows(out)[2]
    assert f"2: {said}" in out
    assert f"automl: {said}" in err
    assert ("Traceback" in err) == isinstance(error, ZeroDivisionError)
    (compared,) = re.findall(r"Compare: .* -m automl\.compare (.*)", out)
    assert names[1] not in compared


def test_a_search_that_fails_stops_the_others_if_asked(command):
    words = (*PROGRAMME, "failures.stop_multirun=true")
    status, names, out, _ = command(*words, at2=raising(SearchError("no")))
    assert (status, len(names)) == (1, 2)
    assert "1 finished, 1 failed, 4 not begun" in out
    assert names == command(*PROGRAMME)[1][:2], "how a sweep ends is no part of a search"


@pytest.mark.parametrize(
    ("end", "status", "word"),
    [
        (raising(KeyboardInterrupt), 130, "stopped"),
        (lambda: os.kill(os.getpid(), signal.SIGTERM), 143, "ended"),
    ],
    ids=["ctrl-c", "sigterm"],
)
def test_a_stop_stops_all_and_says_how_to_go_on(command, end, status, word):
    got, names, out, err = command(*PROGRAMME, at2=end)
    assert (got, len(names)) == (status, 2)
    assert "1 finished, 1 stopped, 4 not begun" in out
    first, again = err.strip().splitlines()
    assert first == f"automl: {word}; the same command goes on where it stopped:"
    assert shlex.split(again)[1:] == ["-m", "automl.run", *PROGRAMME]


def test_bad_input_for_one_search_begins_none(command, tmp_path):
    status, names, out, err = command(*STUB, "-m", "algorithm.min_budget=1,2,20")
    assert (status, names, out) == (2, [], "")
    (line,) = err.strip().splitlines()
    assert "algorithm" in line
    assert line.endswith("(in the search with algorithm.min_budget=20)")
    assert not list(tmp_path.iterdir())


def test_a_user_s_name_is_continued_by_what_differs(command):
    words = (*STUB, "-m", "name=night", "seed=0,1", "select=synthetic,real")
    assert command(*words)[1] == [
        "night-seed0-synthetic",
        "night-seed0-real",
        "night-seed1-synthetic",
        "night-seed1-real",
    ]
    assert command(*STUB, "-m", "name=a,b")[1] == ["a", "b"]
    assert command(*STUB, "-m", "name=night", "seed=0")[1] == ["night"]


def test_one_search_twice_is_refused(command):
    status, names, _, err = command(*STUB, "-m", "cluster.trial.cpus=1,0.5")
    assert (status, names) == (2, [])
    assert "'cluster.trial.cpus=1' and 'cluster.trial.cpus=0.5' are one search, stub-demo-" in err


def test_a_multirun_of_previews_begins_nothing(command, tmp_path):
    status, names, out, _ = command(*STUB, "-m", "seed=0,1", "preview=true")
    assert (status, names) == (0, [])
    assert out.count("Nothing was started") == 2
    assert "Multirun" not in out
    assert not list(tmp_path.iterdir())


def test_a_search_begun_under_its_former_name_keeps_it(command, tmp_path):
    (name,) = command(*STUB, "select=real")[1]
    former = name.replace("-real-", "-")
    (tmp_path / "runs" / former).mkdir()
    (tmp_path / "runs" / former / "ledger.jsonl").touch()
    assert command(*STUB, "select=real")[1] == [former]


@cache
def base():
    return compose_plain(["search=classical_random", "name=base"])


VALUE = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1, max_size=90)


@settings(deadline=None, max_examples=30)
@given(st.lists(VALUE, min_size=2, max_size=5, unique=True))
def test_names_differ_whatever_the_words_are(values):
    jobs = [
        Job((f"space.name={value}",), {**base(), "space": {**base()["space"], "name": value}})
        for value in values
    ]
    searches = plan_searches(jobs)
    assert len({search.name for search in searches}) == len(values)
    for search in searches:
        assert re.fullmatch(r"[A-Za-z0-9][\w.=-]{0,120}", search.name)
        assert search.settings.name == search.config["name"] == search.name


def automl_run(folder, *words):
    return subprocess.Popen(
        [sys.executable, "-m", "automl.run", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(STUBS)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
@pytest.mark.e2e
@pytest.mark.timeout(900)
def test_a_programme_is_stopped_taken_up_and_compared(tmp_path):
    programme = (*STUB, "-m", "seed=0,1", "select=synthetic,real")
    words = (*programme, "+trainable.options.seconds=0.05", "name=night-${seed}-${select}")
    first = automl_run(tmp_path, *words)
    while len(list((tmp_path / "runs").glob("*/results.json"))) < 1:
        assert first.poll() is None, first.communicate()
        time.sleep(0.1)
    while len(list((tmp_path / "runs").glob("*/ledger.jsonl"))) < 2:
        time.sleep(0.1)
    first.send_signal(signal.SIGINT)
    out, err = first.communicate(timeout=800)
    assert first.returncode == 130, err
    assert "1 finished, 1 stopped, 2 not begun" in out
    ledgers = {path: path.read_bytes() for path in (tmp_path / "runs").glob("*/ledger.jsonl")}
    second = automl_run(tmp_path, *words)
    out, err = second.communicate(timeout=2000)
    assert second.returncode == 0, out + err
    assert err == ""
    assert "4 searches, 4 finished" in out
    for path, before in ledgers.items():
        assert path.read_bytes().startswith(before), "finished work stands"
    assert {path.name for path in (tmp_path / "runs").iterdir()} == {
        f"night-{seed}-{select}" for seed in range(2) for select in ("synthetic", "real")
    }
    for folder in (tmp_path / "runs").iterdir():
        config = yaml.safe_load((folder / "config.yaml").read_text())
        results = json.loads((folder / "results.json").read_text())
        assert (config["seed"], config["select"]) == (results["seed"], results["select"])
        assert "${" not in (folder / "config.yaml").read_text()
    (compared,) = re.findall(r"Compare: (.*)", out)
    done = subprocess.run(
        [sys.executable, *shlex.split(compared)[1:]],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(STUBS)},
        capture_output=True,
        text=True,
        timeout=800,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("the same images")
