import io
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from rich.console import Console

from diffranet.progress import Display
from diffranet.simulate import main

ROOT = Path(__file__).parents[2]
TINY = ("size=32", "mosaic_domains=1", "train=5", "validation=5", "test=5")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "out: missing; give out=… on the command line"),
        (["out=x", "sise=3"], "sise: no such key; did you mean 'size'?"),
        (["out=x", "beam.wavelenth=1"], "did you mean 'data.options.beam.wavelength'?"),
        (["out=x", "data.options.crystal.sell=1"], "did you mean 'data.options.crystal.cell'?"),
        (["out=x", "size"], "'size': options are written option=value"),
        (["out=x", "size=big"], "size must be a whole number, got 'big'"),
        (["out=x", "seed=1", "seed=2"], "seed: given twice"),
        (["out=x", "seed=-1"], "seed must be 0 to"),
        (["out=x", "size=4"], "image_size must be 32 to 2048"),
        (["out=x", "train=2"], "synthetic train count must be 5 to"),
        (["out=x", "domains=real"], "domains: synthetic cannot be left out"),
        (["out=x", "domains=synthetc"], "domains: unknown 'synthetc'; did you mean 'synthetic'"),
        (["out=x", "domains=synthetic", "real_test=4"], "real_test is given, but domains="),
        (["out=x", "engine=float65"], "engine: unknown value 'float65'; did you mean 'float64'"),
        (["out=x", "balance=even"], "class_balance: unknown value 'even'"),
        (["out=x", "workers=0"], "workers must be 1 to 1024"),
        (["out=x", "scale=papre"], "scale=papre: no such scale; did you mean 'paper'?"),
        (["out=x", "data=diffranet"], "data=diffranet: is not simulated"),
        (["out=x", "size=3(("], "size=3((: cannot be read; put odd values in quotes"),
        (["out=x", "+colour=red"], "unknown option 'colour'"),
        (["out=x", "--worker"], "--worker: no such flag"),
        (["out=x", "--cfg", "hydra"], "--cfg hydra: only 'job'"),
        (["out=x", "size=${nothing}"], "configuration: "),
        (["out=x", "data.options.beam.wavelength=nan"], "beam.wavelength must be a number"),
        (["out=x", "data.options.detector.distance_mm=1e6"], "put no Bragg spot on the detector"),
        (["out=x", "data.options.crystal.structure_factors=a b (1).mtz"], "a b (1).mtz: no such"),
    ],
)
def test_bad_words_exit_with_two_and_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(words) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.startswith("diffranet.simulate: ")
    assert (captured.err.count("\n"), captured.out) == (1, "")
    assert not list(tmp_path.iterdir())


def test_help_names_groups_and_keys(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    assert "scale: demo, paper, smoke" in text
    assert "  size=96\n" in text
    assert "  data.options.detector.distance_mm=80\n" in text
    assert "surrogate" in text


def test_cfg_prints_the_composition_and_makes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["--cfg", "job", "--resolve", "out=x", "scale=paper", "data.options.seed=3"]) == 0
    text = capsys.readouterr().out
    assert "    image_size: 512\n" in text
    assert "    seed: 3\n" in text
    assert "    engine: float32\n" in text
    assert not list(tmp_path.iterdir())


def test_command_makes_a_set_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = [*TINY, "workers=1", "domains=synthetic", "out=my set (1)"]
    assert main(words) == 0
    first = capsys.readouterr()
    assert first.out.startswith("my set (1): 15 images, 15 made in ")
    assert first.out.endswith(" images/s\n")
    assert first.err.splitlines()[-1].startswith("simulate: 15/15 images, ")
    assert len(list(tmp_path.rglob("*.png"))) == 15
    assert main(words) == 0
    assert capsys.readouterr().out == "my set (1): 15 images, complete already\n"
    assert main([*words, "seed=4"]) == 2
    assert "other parameters (seed 0, not 4)" in capsys.readouterr().err


def test_a_terminal_gets_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    terminal = Console(file=screen, force_terminal=True, width=100)
    monkeypatch.setattr("diffranet.progress.Console", lambda **_: terminal)
    with Display() as display:
        for done in (0, 8, 16):
            display("simulate", done, 16)
    assert "16/16" in screen.getvalue()
    assert "images/s" in screen.getvalue()


def test_short_keys_and_options_of_the_tree_say_the_same(
    capsys: pytest.CaptureFixture[str],
) -> None:
    long = (
        *("scale.images.size=64", "scale.images.synthetic.train=7", "data.options.seed=2"),
        *("data.options.class_balance=balanced", "data.options.counts.real.test=3"),
    )
    short = ("size=64", "train=7", "seed=2", "balance=balanced", "real_test=3")
    sections = []
    for words in (long, short):
        assert main(["--cfg", "job", "--resolve", "out=x", *words]) == 0
        text = capsys.readouterr().out
        sections.append(text[text.index("data:") : text.index("out: x")])
    assert sections[0] == sections[1]


def test_an_installed_package_finds_the_tree(tmp_path: Path) -> None:
    shutil.copytree(
        ROOT / "diffranet", tmp_path / "diffranet", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copytree(ROOT / "conf", tmp_path / "automl" / "conf")
    script = "from diffranet.composition import conf_dir; print(conf_dir())\n"
    script += "from diffranet.simulate import main; main(['--cfg', 'job', 'out=x'])"
    # -P and an empty folder: nothing of the checkout is on the path.
    done = subprocess.run(
        [sys.executable, "-P", "-c", script],
        cwd=tmp_path / "automl",
        env={"PYTHONPATH": str(tmp_path), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.stdout.startswith(f"{tmp_path / 'automl' / 'conf'}\nscale:\n"), done.stderr


def started(tmp_path: Path) -> subprocess.Popen[str]:
    """The command in a process group of its own, at the moment when it has made an image."""
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "diffranet.simulate", f"out={tmp_path / 'set'}", "train=3000"),
            *("workers=2", "size=64", "mosaic_domains=20"),
        ],
        cwd=ROOT,
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not list(tmp_path.rglob("*.png")):
        assert time.monotonic() < deadline
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    return process


def alive(group: int) -> list[int]:
    """Processes of a group that have not ended; zombies have."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, of_group = stat.read_text().rpartition(")")[2].split()[:3]
        except OSError:  # it ended meanwhile
            continue
        if int(of_group) == group and state != "Z":
            found.append(int(stat.parent.name))
    return found


def all_end(group: int) -> bool:
    deadline = time.monotonic() + 20
    while alive(group) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not alive(group)


def test_ctrl_c_is_one_line_and_leaves_no_process(tmp_path: Path) -> None:
    process = started(tmp_path)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to every process
    out, error = process.communicate(timeout=300)
    lines = [line for line in error.splitlines() if not line.startswith("simulate: ")]
    assert lines == ["diffranet.simulate: stopped; the same command goes on where it stopped"]
    assert (process.returncode, out) == (130, "")
    assert all_end(process.pid)


def test_workers_do_not_outlive_a_killed_command(tmp_path: Path) -> None:
    process = started(tmp_path)
    process.kill()
    process.wait()
    assert all_end(process.pid)
