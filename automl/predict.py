"""``python -m automl.predict NAME IMAGES …``: the chosen model of a finished search, used.

For each image one row: class, probability of each class, diffraction or not. Rows go to the
terminal as a table, to a pipe as CSV, or to --out FILE.csv or FILE.parquet. An image that cannot
be read has a row that says why. Stopped? The same command with the same --out goes on.

  python -m automl.predict NAME images/ --out rows.csv
  python -m automl.predict NAME run7.h5:/entry/data/data 'raw/*.cbf'
  python -m automl.predict NAME --watch /data/run8 --out run8.csv

Exit status: 0; 1 if an image could not be read or rows could not be written; 2 for bad input; 130
after Ctrl-C, which ends --watch with 0 or 1.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from types import FrameType

from automl.errors import SearchError, UserError
from automl.formatting import counted
from automl.prediction.chosen import find_search, load, reader
from automl.prediction.options import Options, parse_options
from automl.prediction.outlets import outlet
from automl.prediction.place import check_place
from automl.prediction.predictor import Predictor, UnreadableError
from automl.prediction.pulse import Pulse
from automl.prediction.rows import Columns, Row
from automl.prediction.sources import Skipped, expand, files_below
from automl.prediction.tally import Tally
from automl.prediction.voice import Voice
from automl.prediction.watching import follow

BAD_INPUT = 2
FAILED = 1
INTERRUPTED = 130
TOGETHER = "this model judges images by the others of their batch"
TRUSTED = "warning: --trust-pickle: if the model is a pickle, any code in its file runs now"
NOMINAL = "this model's probabilities are nominal: their order is meant, their size is not"


def run(options: Options, stop: threading.Event, voice: Voice) -> int:
    """Predict; return the exit status.

    Args:
        options: What was asked for.
        stop: Set to end after the image in work.
        voice: Says what is no row.

    Raises:
        UserError: Something named does not exist or cannot be used; nothing was predicted.
        SearchError: Rows cannot be written; those before are kept.
    """
    if options.out is not None:
        check_place(options.out)
    search = find_search(options.name, options.runs)
    frames = reader(search, options.reading)
    skipped = Skipped(frames)
    sources = expand(options.images, frames, skipped)
    if options.trust_pickle:
        voice.say(TRUSTED)
    screen = load(search, options.device, options.model, options.trust_pickle)
    if screen.together and options.watch is not None:
        raise UserError(f"--watch: {TOGETHER}; name a folder of many instead")
    columns = Columns(screen, options.reading)
    target = outlet(options.out, columns, sources, sys.stdout)
    before = target.earlier.images
    tally = Tally(columns, before)
    pulse = Pulse(tally, columns, voice) if options.out is not None else None
    if before:
        voice.say(f"{options.out} has {counted(before, 'images')} already; goes on from there")
    if screen.nominal:
        voice.say(NOMINAL)
    if screen.together:
        voice.say(f"{TOGETHER}, {options.batch} here; set --batch to as many as there are")
    waited = 0.0

    def emit(rows: Sequence[Row]) -> None:
        target.write(rows)
        tally.count(rows)
        if pulse is not None:
            pulse.count(rows)

    def pause(seconds: float) -> bool:
        nonlocal waited
        if pulse is not None:
            pulse.beat()
        begin = time.perf_counter()
        is_over = stop.wait(seconds)
        waited += time.perf_counter() - begin
        return is_over

    predictor = Predictor(
        screen, frames, options.batch, emit, stop.is_set, target.earlier, voice.say
    )
    begin = time.perf_counter()
    complete = False
    try:
        for source in sources:
            if stop.is_set():
                break
            try:
                predictor.add(source)
            except UnreadableError as error:
                predictor.give_up(source, str(error))
        predictor.flush()
        if options.watch is not None and not stop.is_set():
            voice.say(f"following {options.watch}; Ctrl-C ends it")
            follow(options.watch, frames, predictor, pause)
            for _ in files_below(options.watch, frames, skipped):
                pass
        complete = options.watch is not None or not stop.is_set()
    finally:
        target.close(complete=complete)
    voice.say(tally.line(time.perf_counter() - begin - waited))
    if str(skipped):
        voice.say(str(skipped))
    if not complete:
        return INTERRUPTED
    return FAILED if tally.unreadable else 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    stop = threading.Event()

    def end(number: int, _: FrameType | None) -> None:
        stop.set()
        # A second one does not wait for the image in work.
        signal.signal(number, signal.SIG_DFL)

    voice = Voice(sys.stderr)
    words = sys.argv[1:] if arguments is None else arguments
    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        return run(parse_options(words, __doc__), stop, voice)
    except UserError as error:
        voice.say(str(error))
        return BAD_INPUT
    except SearchError as error:
        voice.say(str(error))
        return FAILED
    except BrokenPipeError:
        # Whoever read the rows has enough; Python's own flush at the end must not complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


if __name__ == "__main__":
    sys.exit(main())
