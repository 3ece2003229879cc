"""The commands compare, report, sync, ui and simulate."""

from __future__ import annotations

import contextlib
import socket

from wrong_input import WrongInput, written
from wrong_searches import held, with_lines


def case(command, what, words, line, remedy="", **more):
    return WrongInput(what, command, tuple(words), line, remedy, **more)


def simulate(what, words, line, remedy="", **more):
    return case("simulate", what, words, line, remedy, **more)


@contextlib.contextmanager
def taken_port(home):
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        (home / "mlflow").mkdir(exist_ok=True)
        (home / "mlflow/mlflow.db").touch()
        yield {"port": server.getsockname()[1]}


COMPARE = (
    case(
        "compare",
        "one search to compare",
        ["forest"],
        "a comparison needs two searches or more, not 1; known in …/runs: begun, forest, untracked",
    ),
    case(
        "compare",
        "misspelt search to compare",
        ["forest", "begn"],
        "begn: no search of that name in …/runs; did you mean 'begun'?",
    ),
    case(
        "compare",
        "misspelt option of compare",
        ["forest", "begun", "--strct"],
        "--strct: no such option; did you mean '--strict'?",
    ),
    case(
        "compare",
        "file where the comparison belongs",
        ["forest", "begun", "--tracking", "none", "--out", "notes"],
        "…/notes: cannot be written (File exists)",
        "choose another --out",
        scene=written("notes", "x"),
    ),
    case(
        "compare",
        "folder as a store for the comparison",
        ["forest", "begun", "--tracking", "mlruns"],
        "tracking uri 'mlruns': MLflow refuses file stores since 3.13; "
        "use sqlite:///mlruns/mlflow.db instead",
    ),
    case(
        "compare",
        "group that nobody has",
        ["--group", "night", "--tracking", "none"],
        "--group night: …/runs has no search with this tag; begin one with search.group=night, "
        "or set the tag 'group' of its run in MLflow",
    ),
    case(
        "compare",
        "group without a store",
        ["--group", "night"],
        "--group night: there is no store at sqlite:///…/mlflow/mlflow.db; say which with "
        "--tracking",
    ),
)

OTHERS = (
    case(
        "report",
        "misspelt search to report",
        ["forrest"],
        "forrest: no search of that name in …/runs; did you mean 'forest'?",
    ),
    case(
        "report",
        "no search to report",
        [],
        "no search is named; known in …/runs: begun, forest, untracked",
    ),
    case(
        "report",
        "misspelt option of report",
        ["forest", "otu=page"],
        "otu: no such option; did you mean 'out'? (as key=value)",
    ),
    case("report", "option of report without a value", ["forest", "out="], "out: has no value; …"),
    case(
        "report",
        "several pages into one folder",
        ["forest", "begun", "out=page"],
        "out= takes the page of one search; name one",
    ),
    case(
        "report",
        "file where the page belongs",
        ["forest", "out=notes"],
        "…notes…: cannot be written (…)",
        "choose another out=",
        scene=written("notes", "x"),
    ),
    case(
        "report",
        "damaged ledger to report",
        ["forest"],
        "…/runs/forest/ledger.jsonl: line 2 is damaged; …",
        scene=with_lines(lambda lines: [lines[0], "?\n", *lines[2:]]),
    ),
    case(
        "sync",
        "misspelt search to sync",
        ["forst"],
        "forst: no search of that name in …/runs; did you mean 'forest'?",
    ),
    case("sync", "no folder of searches", ["all", "runs=nowhere"], "no search is named; …"),
    case(
        "sync",
        "misspelt option of sync",
        ["forest", "url=http://127.0.0.1:9"],
        "url: no such option; did you mean 'uri'? (as key=value)",
    ),
    case(
        "sync",
        "folder as a store to sync to",
        ["forest", "uri=mlruns"],
        "tracking uri 'mlruns': MLflow refuses file stores since 3.13; "
        "use sqlite:///mlruns/mlflow.db instead",
    ),
    case(
        "sync",
        "search without a store",
        ["untracked"],
        "untracked: it was run with tracking=none; say where with uri=, such as "
        "uri=sqlite:///mlflow/mlflow.db",
    ),
    case(
        "sync",
        "search to sync that is running",
        ["forest", "uri=sqlite:///new.db"],
        "name: process … is running the search in …/runs/forest; wait for it, …",
        scene=held,
    ),
    case("ui", "port of letters", ["port=high"], "port=high: use a number from 1 to 65535"),
    case("ui", "port 0", ["port=0", "uri=postgresql://127.0.0.1:9/x"], "port=0: use a number …"),
    case(
        "ui",
        "port in use",
        ["port={port}"],
        "port=…: cannot be used (Address already in use); choose another port=",
        scene=taken_port,
    ),
    case("ui", "misspelt option of ui", ["prot=5001"], "prot=5001: unknown option; did you mean …"),
    case(
        "ui",
        "no store yet",
        [],
        "uri=sqlite:///…/mlflow/mlflow.db: there is no store yet; a search writes it",
    ),
    case(
        "ui",
        "pages of a server",
        ["uri=http://ada:secret@127.0.0.1:9"],
        "uri=http://…@127.0.0.1:9 is a server already: open it in a browser",
    ),
    case(
        "ui",
        "folder as a store to show",
        ["uri=mlruns"],
        "tracking uri 'mlruns': MLflow refuses file stores since 3.13; "
        "use sqlite:///mlruns/mlflow.db instead",
    ),
)

SIMULATE = (
    simulate("no folder to make", [], "out: missing; give out=… on the command line"),
    simulate(
        "file where the images belong",
        ["out=notes"],
        "notes is a file; name a folder that is new or empty",
        scene=written("notes", "x"),
    ),
    simulate(
        "folder of something else",
        ["out=runs"],
        "runs is not empty and holds no simulated data set; name another",
    ),
    simulate(
        "misspelt scale of images",
        ["out=new", "scale=papper"],
        "scale=papper: no such scale; did you mean 'paper'?",
    ),
    simulate(
        "data that are not simulated",
        ["out=new", "data=diffranet"],
        "data=diffranet: is not simulated; choose data=demo",
    ),
    simulate(
        "misspelt key of simulate", ["out=new", "sead=1"], "sead: no such key; did you mean 'seed'?"
    ),
    simulate("word to simulate", ["new"], "'new': options are written option=value; see --help"),
    simulate("key twice", ["out=new", "seed=1", "seed=2"], "seed: given twice"),
    simulate("negative seed of images", ["out=new", "seed=-1"], "seed must be …, got -1"),
    simulate("tiny images", ["out=new", "size=1"], "image_size must be …, got 1"),
    simulate(
        "misspelt engine",
        ["out=new", "engine=float23"],
        "engine: unknown value 'float23'; did you mean 'float32'?",
    ),
    simulate("no processes", ["out=new", "workers=0"], "workers must be 1 to 1024, got 0"),
    simulate(
        "misspelt part of the data set",
        ["out=new", "domains=[synthetic,reel]"],
        "domains: unknown 'reel'; did you mean 'real'?",
    ),
    simulate(
        "misspelt flag of simulate",
        ["out=new", "--hlep"],
        "--hlep: no such flag; did you mean '--help'?",
    ),
    simulate(
        "structure factors that are not there",
        ["out=new", "data.options.crystal.structure_factors=gone.cif"],
        "…gone.cif…",
        "name the file that is",
    ),
)
