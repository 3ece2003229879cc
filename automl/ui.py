"""``python -m automl.ui``: MLflow's pages on the searches of this project.

Options: ``uri=…`` (default: the store in ``mlflow/`` of the current folder) and ``port=…``
(default: 5000).
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from automl.disclosure import hidden
from automl.errors import UserError, near_miss, one_line
from automl.tracking.check import check_uri
from automl.tracking.ui import (
    DEFAULT_PORT,
    SERVER_ENVIRONMENT,
    artifact_root,
    check_served,
    default_uri,
    mlflow_command,
    pages,
)
from automl.tracking.upkeep import analyse
from automl.tracking.uri import absolute_uri, sqlite_path


def parse_options(arguments: Sequence[str]) -> tuple[str, int]:
    """Return uri and port from ``key=value`` arguments.

    Raises:
        UserError: An option is unknown or no port number.
    """
    options = {"uri": default_uri(Path.cwd()), "port": str(DEFAULT_PORT)}
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if name not in options or not equals:
            raise UserError(f"{argument}: unknown option{near_miss(name, options)} (as key=value)")
        options[name] = value
    if not options["port"].isdecimal():
        raise UserError(f"port={options['port']}: use a number from 1 to 65535")
    return options["uri"], int(options["port"])


def main() -> None:
    """Serve the pages until interrupted; exits with status 2 on bad input."""
    if {"-h", "--help"} & set(sys.argv[1:]):
        print(__doc__)
        return
    try:
        uri, port = parse_options(sys.argv[1:])
        check_served(uri, port)
        check_uri(uri)
        _refuse_taken(port)
    except (UserError, ValueError) as error:
        sys.exit(_refusal(error))
    with suppress(KeyboardInterrupt):
        _serve(uri, port)


def _serve(uri: str, port: int) -> None:
    database = sqlite_path(uri)
    if database is not None:
        analyse(database)
    if sys.stdout.isatty():
        print("MLflow is starting …", end="\r", flush=True)
    for name, value in SERVER_ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    try:
        # Not before the environment is set.
        from automl.tracking import server
    except ImportError:
        # Of another version of MLflow, which has other insides; its own command is slower.
        command = mlflow_command(absolute_uri(uri), port)
        _announce(uri, port)
        os.execv(command[0], command)
    try:
        server.open_store(absolute_uri(uri), artifact_root(uri))
    except Exception as error:
        # Whatever MLflow and a database's driver say.
        sys.exit(_refusal(UserError(hidden(f"uri={uri}: {one_line(error)}"))))
    server.serve(absolute_uri(uri), port, lambda: _announce(uri, port))


def _announce(uri: str, port: int) -> None:
    place = sqlite_path(uri) or hidden(uri)
    print(f"MLflow: http://127.0.0.1:{port} shows {place} (Ctrl-C ends it)")
    for experiment, address in pages(uri, port):
        print(f"  searches of {experiment}: {address}")
    sys.stdout.flush()


def _refuse_taken(port: int) -> None:
    with socket.socket() as probe:
        # As servers do, so that a port whose last connections fade away counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise UserError(
                f"port={port}: cannot be used ({error.strerror}); choose another port="
            ) from error


def _refusal(error: Exception) -> int:
    print(f"automl: {one_line(error)}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    main()
