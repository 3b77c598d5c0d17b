"""Run by itself as a script: becomes the given command, which then dies with the runtime that started it.

    python leash.py PARENT COMMAND [ARGUMENT ...]

A script between, and not `preexec_fn`, because running Python between fork and exec is unsafe once threads exist.
On Linux the kernel ends the command when its parent dies, even by kill -9; elsewhere the next start does (`dynoxide`).
Ctrl-C reaches the whole process group at once: the command ignores it, so that the runtime can first finish what it is
doing and then stop the database.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Tie this process to its parent and become the command."""
    parent, command = int(arguments[0]), arguments[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the leash was on
        return
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    os.execv(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])
