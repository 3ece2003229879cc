"""Contact sheets: what is shown, what is said of it, and what is refused."""

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from diffranet import gallery
from diffranet.captions import caption
from diffranet.contactsheet import Picture, Strip, contact_sheet, overview, stretch, tile
from diffranet.gallery import common_white, draw, main, make_gallery, viewable
from diffranet.layout import scan
from diffranet.manifest import read_manifest
from diffranet.simulator.parameters import SimulationParameters
from diffranet.simulator.writer import write_dataset

TINY = SimulationParameters(
    image_size=32,
    mosaic_domains=2,
    train=20,
    validation=10,
    test=5,
    real_validation=6,
    real_test=2,
    engine="float64",
)
SHEETS = {
    "overview.png",
    *(f"synthetic_{name}.png" for name in ("blank", "no-crystal", "weak", "good", "strong")),
    *(f"real_{kind}_{name}.png" for kind in ("raw", "preprocessed") for name in ("diffraction",)),
    *(f"real_{kind}_no-diffraction.png" for kind in ("raw", "preprocessed")),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("made") / "set"
    write_dataset(out, TINY)
    return out


class Recorder:
    """Keeps what the sheets are drawn from, and lets them be drawn."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sheets: dict[str, tuple[list[str], list[Picture], int]] = {}
        self.strips: list[Strip] = []
        monkeypatch.setattr(gallery, "contact_sheet", self.sheet)
        monkeypatch.setattr(gallery, "overview", self.overview)

    def sheet(self, title: str, notes: list[str], pictures: list[Picture], white: int) -> bytes:
        self.sheets[title] = notes, pictures, white
        return contact_sheet(title, notes, pictures, white)

    def overview(self, title: str, notes: list[str], strips: list[Strip], white: int) -> bytes:
        self.strips = strips
        return overview(title, notes, strips, white)


def test_command_writes_beside_the_data_set(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path: path.stat().st_mtime_ns for path in made.rglob("*")}
    assert main([str(made), "images=3"]) == 0
    out = made.parent / "set-gallery"
    assert capsys.readouterr().out == f"{out}: 10 sheets, overview.png first\n"
    assert {path.name for path in out.iterdir()} == SHEETS
    assert {path: path.stat().st_mtime_ns for path in made.rglob("*")} == before
    for path in out.iterdir():
        with Image.open(path) as sheet:
            assert sheet.format == "PNG"
            assert min(sheet.size) >= 256


def test_a_sheet_says_what_it_shows(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = Recorder(monkeypatch)
    make_gallery(made, tmp_path / "out", images=2)
    rows = {row["path"]: row for row in read_manifest(made)}
    assert len(recorder.sheets) == len(SHEETS) - 1
    assert len({white for _, _, white in recorder.sheets.values()}) == 1, "one grey scale"
    for title, (notes, pictures, white) in recorder.sheets.items():
        domain, class_name = title.split(" · ")
        shown = [row for row in rows.values() if row["split"] != "test"]
        count = sum((r["domain"], r["class_name"]) == (domain, class_name) for r in shown)
        said = " ".join(notes)
        assert f"{count} images in" in said
        assert f"0 black to {white} white" in said
        assert ("surrogate" in said) == (domain != "synthetic")
        assert 1 <= len(pictures) <= 2
        for picture in pictures:
            row = rows[picture.name]
            assert (row["domain"], row["class_name"]) == (domain, class_name)
            assert row["split"] != "test", "test images stay unseen"
            with Image.open(made / picture.name) as stored:
                assert np.array_equal(np.asarray(stored), picture.pixels)
            assert list(picture.phrases) == caption(row)
    assert [strip.label for strip in recorder.strips][:2] == ["blank", "no-crystal"]


def test_the_seed_draws_the_pictures(made: Path) -> None:
    kind = max(viewable(scan(made)), key=lambda kind: len(kind.files))
    first = draw(kind, 3, seed=0, number=1)
    assert first == draw(kind, 3, seed=0, number=1)
    assert len(set(first)) == 3
    assert any(draw(kind, 3, seed=seed, number=1) != first for seed in range(1, 5))
    assert draw(kind, 10_000, seed=0, number=1) == list(kind.files)


def test_a_published_folder_needs_no_manifest(
    make_root: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = Recorder(monkeypatch)
    root = make_root(("synthetic", "real_raw"))
    written = make_gallery(root, tmp_path / "out")
    assert len(written) == 1 + 5 + 2
    for notes, pictures, _ in recorder.sheets.values():
        assert "surrogate" not in " ".join(notes)
        assert all(not picture.phrases and picture.name for picture in pictures)


def test_a_domain_of_test_images_alone_is_left_out(
    make_root: Callable[..., Path], tmp_path: Path
) -> None:
    root = make_root(("synthetic", "real_raw"))
    for path in sorted((root / "real_raw/validation").rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    (root / "real_raw/validation").rmdir()
    names = {path.name for path in make_gallery(root, tmp_path / "out")}
    assert not any("real_raw" in name for name in names)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "name the data set's folder"),
        (["{root}", "{root}"], "one and no more; got 2"),
        (["{tmp}/absent"], "does not exist"),
        (["{tmp}"], "no folder 'synthetic'"),
        (["{root}", "image=3"], "unknown option 'image'; did you mean 'images'?"),
        (["{root}", "images=0"], "images must be 1 to 100"),
        (["{root}", "images=few"], "images must be a whole number, got 'few'"),
        (["{root}", "images="], "written option=value"),
        (["{root}", "white=256"], "white must be 1 to 255"),
        (["{root}", "seed=-1"], "seed must be at least 0"),
        (["{root}", "seed=1", "seed=2"], "given twice"),
        (["{root}", "out={root}/sheets"], "lies inside the data set"),
        (["{root}", "out={root}"], "lies inside the data set"),
        (["{root}", "out={file}"], "is a file; name a folder"),
    ],
)
def test_bad_words_are_refused_in_one_line(
    words: list[str],
    message: str,
    make_root: Callable[..., Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    root = make_root(("synthetic",))
    (tmp_path / "note.txt").write_text("")
    before = sorted(tmp_path.rglob("*"))
    places = {"root": root, "tmp": tmp_path, "file": tmp_path / "note.txt"}
    assert main([word.format(**places) for word in words]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before


def test_a_damaged_image_and_a_damaged_manifest_are_named(
    make_root: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    root = make_root(("synthetic",))
    path = root / "synthetic/train/1/0.png"
    path.write_bytes(path.read_bytes()[:40])
    assert main([str(root)]) == 2
    assert str(path) in capsys.readouterr().err
    (root / "manifest.csv").write_text("name\nx\n")
    assert main([str(root)]) == 2
    assert "manifest.csv" in capsys.readouterr().err
    assert not (root.parent / "root-gallery").exists()


def test_a_folder_that_cannot_be_written_is_a_failure(
    make_root: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    root = make_root(("synthetic",))
    (root.parent / "file").write_text("")
    assert main([str(root), f"out={root.parent}/file/deeper"]) == 1
    error = capsys.readouterr().err
    assert "cannot write the sheets" in error
    assert error.count("\n") == 1


def test_captions_say_the_state_of_the_shot() -> None:
    blank = {"intensity": "0.0", "wavelength": "1.5", "crystal_scale": "0.0"}
    assert caption(blank) == ["no pulse (intensity 0)"]
    lit = {**blank, "intensity": "1.25"}
    assert caption(lit) == ["no crystal", "intensity 1.25 × mean pulse", "λ 1.5000 Å"]
    hit = {**lit, "crystal_scale": "0.4567"}
    assert caption(hit)[0] == "crystal 0.457 × (30 µm)³"
    real = {"intensity": "0.3", "crystal": "thaumatin", "crystal_scale": "0.5", "wavelength": ""}
    real |= {"mosaic_deg": "0.15", "water_mm": "0.0432", "gain": "0.51", "parasitic": "0.12"}
    real |= {"tape_transmission": "0.7", "ice": "0.8", "streak": "4.25", "hot_pixels": "1"}
    assert caption(real) == [
        *("thaumatin 0.500 × (30 µm)³", "mosaic 0.15°", "intensity 0.30 × mean pulse"),
        *("water 43 µm", "gain 0.51", "parasitic 12%", "tape passes 70%"),
        *("ice rings 0.8 × mean", "jet streak 4.2 × mean", "1 hot pixel"),
    ]
    clean = {**real, "tape_transmission": "1.0", "ice": "0.0", "streak": "0.0", "hot_pixels": "0"}
    assert caption(clean)[-1] == "parasitic 12%"
    assert caption({"intensity": "bright"}) == []


@settings(max_examples=50, deadline=None, derandomize=True)
@given(height=st.integers(1, 1200), width=st.integers(1, 1200), largest=st.sampled_from([256, 512]))
def test_tiles_are_readable_and_fit(height: int, width: int, largest: int) -> None:
    shown = tile(np.full((height, width), 37, dtype=np.uint8), largest)
    assert largest / 2 < max(shown.shape) <= largest or max(height, width) > largest
    assert max(shown.shape) <= largest
    assert (shown == 37).all()


def test_large_images_are_binned_by_their_counts() -> None:
    pixels = np.zeros((1024, 1024), dtype=np.uint8)
    pixels[10, 10] = 100
    shown = tile(pixels, 512)
    assert shown.shape == (512, 512)
    assert shown[5, 5] == 50, "a quarter of the counts: half the grey"
    assert np.count_nonzero(shown) == 1


def test_small_images_have_their_pixels_repeated() -> None:
    pixels = np.arange(96 * 96, dtype=np.uint8).reshape(96, 96)
    assert np.array_equal(tile(pixels, 512)[::5, ::5], pixels)


def test_the_grey_scale_runs_from_zero_to_white() -> None:
    greys = np.array([[0, 20, 40, 80, 255]], dtype=np.uint8)
    assert stretch(greys, 80).tolist() == [[0, 64, 128, 255, 255]]


def test_white_suits_the_brightest_kind() -> None:
    dark, bright = np.zeros((100, 100), np.uint8), np.full((100, 100), 120, np.uint8)
    bright[0, :50] = 250  # spots on half a hundredth of it
    assert common_white([[Picture(dark, "a")], [Picture(bright, "b")]]) == 120
    assert common_white([[Picture(dark, "a")]]) == 1


def test_pictures_and_captions_do_not_overlap() -> None:
    """Every picture is found whole on the sheet, so no text was written over one."""
    rng = np.random.default_rng(0)
    phrases = [f"some phrase number {n}" for n in range(12)]
    images = [rng.integers(1, 250, (64, 64), dtype=np.uint8) for _ in range(7)]
    pictures = [
        Picture(image, f"a/rather/long/path/{n:030d}.png", phrases[: 2 * n])
        for n, image in enumerate(images)
    ]
    with Image.open(io.BytesIO(contact_sheet("title", ["note " * 80], pictures, 255))) as sheet:
        drawn = np.asarray(sheet)
    for image in images:
        wanted = tile(image, 512)
        corners = np.argwhere(drawn[: -wanted.shape[0], : -wanted.shape[1]] == wanted[0, 0])
        height, width = wanted.shape
        assert any(
            np.array_equal(drawn[top : top + height, left : left + width], wanted)
            for top, left in corners
            if np.array_equal(drawn[top, left : left + width], wanted[0])
        )


def test_large_sets_are_drawn_from_not_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "set"
    write_dataset(out, replace(TINY, train=60, real_validation=0, real_test=0))
    opened: list[Path] = []
    real = gallery.decode

    def counted(content: bytes, path: Path) -> np.ndarray:
        opened.append(path)
        return real(content, path)

    monkeypatch.setattr(gallery, "decode", counted)
    make_gallery(out, tmp_path / "out", images=2)
    assert len(opened) == 2 * 5
