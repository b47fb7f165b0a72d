"""Faults of the machine, told in one line: no memory, no disk, no threads, no permission. Defects of code are none."""

import errno
import os
import resource
from pathlib import Path

from sracl_core.ground.errors import SraclError
from sracl_core.ground.full_disk import free, means_full, size_of, why_full
from sracl_core.ground.root import project_root

# What libraries say when memory cannot be had; each has an error of its own for it, and some a bare RuntimeError.
NO_MEMORY = (
    "allocate memory",
    "not enough memory",
    "out of memory",
    "bad_alloc",
    "bad allocation",
    "unable to allocate",
    "failed to map segment",
    "mmap failed",
)
# What a file system says that knows no locks (some of networks, some of containers).
NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP}
NO_THREADS = ("can't start new thread", "resource temporarily unavailable", "thread constructor failed")
# What eases a run's memory, by the stage that ran out of it.
ENOUGH = 4 * 10**9  # bytes of addresses with which every stage runs on small data
LOWER = {
    "ingest": "runtime.memory_gb or runtime.threads",
    "profile_items": "runtime.vllm_gpu_share or runtime.vllm_cpu_cache_gb (engine vllm)",
    "profile_users": "runtime.vllm_gpu_share or runtime.vllm_cpu_cache_gb (engine vllm)",
    "embed": "runtime.embed_batch, or max_tokens of the encoder in embed.engines",
    "mine_items": "mine.k",
    "mine_users": "mine.k",
    "certify_inputs": "certify.sample or runtime.embed_batch",
    "train": "train.batch_size, or max_length or hidden of the backbone",
    "evaluate": "runtime.rank_tile_mb",
    "sample": "sample.shoppers or sample.items",
}
CANNOT = {
    errno.EACCES: "this user may not read or write it",
    errno.EPERM: "this user may not change it",
    errno.EROFS: "its disk is read-only",
    errno.EISDIR: "it is a folder, where a file was expected",
    errno.ENOTDIR: "it leads through a file as if that were a folder",
    errno.ENAMETOOLONG: "its name is too long for this disk",
    errno.ELOOP: "it is a link that leads round in a circle",
    errno.ENOENT: "it does not exist",
    errno.EEXIST: "it is there already",
    errno.EIO: "its disk fails",
    errno.ESTALE: "its server took it away",
    errno.ETXTBSY: "it is being run",
}


def told(error: BaseException, stage: str = "") -> str | None:
    """Return one line on `error`, raised in `stage`, for a person who runs it; None for a defect of the program."""
    if isinstance(error, SraclError):
        return str(error)
    lines = (_of_disk(error), _of_memory(error, stage), _of_limits(error), _of_paths(error))
    return next((line for line in lines if line is not None), None)


def is_shortage(error: BaseException) -> bool:
    """Whether `error` says that memory or threads could not be had, whatever was being done."""
    said = str(error).lower()
    return isinstance(error, MemoryError) or any(words in said for words in (*NO_MEMORY, *NO_THREADS))


def _of_disk(error: BaseException) -> str | None:
    if not means_full(error):
        return None
    name = getattr(error, "filename", None)
    if name is None:
        places = ", ".join(free(folder) for folder in (project_root(), Path(os.environ.get("TMPDIR", "/tmp"))))  # noqa: S108
        return (
            f"something could not be written, or printed: the disk it goes to is full ({_first_line(error)}). There is "
            f"{places}. Free space where it lacks, then run the same again."
        )
    return why_full(Path(_name(name)))


def _of_memory(error: BaseException, stage: str) -> str | None:
    said = _first_line(error)
    if not isinstance(error, MemoryError) and not any(words in str(error).lower() for words in NO_MEMORY):
        return None
    if room := little_room():
        return f"memory did not suffice: {room} ({said}). Raise ulimit -v."
    if limit := address_space():
        said = f"{_room(limit)}; {said}"
    lower = f"Lower {LOWER[stage]}, or free" if stage in LOWER else "Free"
    return f"memory did not suffice ({said}). {lower} memory on this machine."


def _of_limits(error: BaseException) -> str | None:
    """Of files, threads and addresses, of which a process may have so many."""
    said, number = _first_line(error), getattr(error, "errno", None)
    if number in (errno.EMFILE, errno.ENFILE):
        return f"too many files are open at once ({said}). Raise the limit: ulimit -n 4096."
    room = little_room()
    if number == errno.EAGAIN or any(words in said.lower() for words in NO_THREADS):
        if room:  # a thread takes addresses for its stack
            return f"the system gives no more threads or processes ({said}), since {room}. Raise ulimit -v."
        return f"the system gives no more threads or processes ({said}). Lower runtime.threads, or raise ulimit -u."
    if isinstance(error, OSError) and number in NO_LOCKS and error.filename is None:
        return f"a file could not be locked ({error.strerror}). Put the project on a local disk, or one with locks."
    if not room:
        return None
    # Under such a limit libraries break in many ways while they are loaded, few of which speak of memory.
    return f"{room}, which did not suffice, as it seems: {type(error).__name__}: {said}. Raise ulimit -v."


def _of_paths(error: BaseException) -> str | None:
    if isinstance(error, OSError) and error.errno in CANNOT and error.filename is not None:
        why = f"{CANNOT[error.errno]} ({error.strerror})"
        return f"{_name(error.filename)} cannot be used: {why}. Correct the path, or what lies there."
    if isinstance(error, UnicodeEncodeError) and "surrogates not allowed" in str(error):
        return f"{_name(error.object)} holds bytes that are no UTF-8. Name files so that their names are."
    if isinstance(error, ValueError) and "embedded null byte" in str(error):
        return "a path holds the character NUL, which no file's name can. Correct the path."
    return None


def small_address_space() -> str | None:
    """Return a line for a person where this process may use too few addresses; None where it may use enough.

    Native libraries then end the process here and there without a word.
    """
    room = little_room()
    if not room:
        return None
    return (
        f"{room}, and the stages need up to {size_of(ENOUGH)} "
        "on small data. Where it ends without a word, that is why: raise the limit, or take it away."
    )


def little_room() -> str:
    """Return how few addresses this process may use, where they may be too few; "" where they are enough."""
    limit = address_space()
    return _room(limit) if limit is not None and limit < ENOUGH else ""


def address_space() -> int | None:
    """Return how many bytes of addresses this process may use (`ulimit -v`); None where there is no limit."""
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    return None if limit == resource.RLIM_INFINITY else limit


def _room(limit: int) -> str:
    return f"this process may use {size_of(limit)} of addresses (ulimit -v)"


def _name(filename: object) -> str:
    return filename.decode(errors="surrogateescape") if isinstance(filename, bytes) else str(filename)


def _first_line(error: BaseException) -> str:
    """What `error` says, without the traceback that DuckDB puts into its own message."""
    said = str(error).partition("Detail: Python exception")[0].strip() or type(error).__name__
    return said.splitlines()[0][:300].rstrip(".: ")
