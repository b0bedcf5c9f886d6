"""A power cut at any moment: no acknowledged answer is lost, and the chain holds.

A small library in front of libc writes down each write and each sync that SQLite and the log
really make, in order. A disk promises only what was synced; of what was written since, any
part may be there. So for many moments of the run the files are laid out as such a cut might
have left them, and the log is opened again.
"""

import os
import random
import shutil
import struct
import subprocess
import sys
from collections import Counter, defaultdict

import pytest

from querist.logs.sqlite import SQLiteLog

SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static int tape = -1;
static int64_t syncs = 0;

struct head { int64_t kind, file, offset, length; };

static int file_of(int fd) {
    char link[64], path[4096];
    int64_t n = 0, digits = 0;
    strcpy(link, "/proc/self/fd/");
    char *end = link + strlen(link), text[16];
    int left = fd;
    do { text[digits++] = '0' + left % 10; left /= 10; } while (left);
    while (digits) *end++ = text[--digits];
    *end = 0;
    n = readlink(link, path, sizeof path - 1);
    if (n < 0) return 0;
    path[n] = 0;
    if (n > 7 && !strcmp(path + n - 7, "/log.db")) return 'd';
    if (n > 11 && !strcmp(path + n - 11, "/log.db-wal")) return 'w';
    if (n > 5 && !strcmp(path + n - 5, "/acks")) return 'a';
    return 0;
}

static void record(int64_t kind, int64_t file, int64_t offset, const void *data, int64_t length) {
    if (tape < 0) tape = open(getenv("TAPE"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    struct head head = {kind, file, offset, length};
    struct iovec parts[2] = {{&head, sizeof head}, {(void *)data, data ? length : 0}};
    if (writev(tape, parts, 2) < (ssize_t)sizeof head) abort();
}

#define REAL(name, type) static type real; if (!real) real = (type)dlsym(RTLD_NEXT, name)

typedef ssize_t (*pwrite_t)(int, const void *, size_t, off_t);
static ssize_t written(pwrite_t real, int fd, const void *data, size_t n, off_t at) {
    int file = file_of(fd);
    if (!file) return real(fd, data, n, at);
    pthread_mutex_lock(&gate);
    ssize_t done = real(fd, data, n, at);
    if (done > 0) record('W', file, at, data, done);
    pthread_mutex_unlock(&gate);
    return done;
}
ssize_t pwrite(int fd, const void *data, size_t n, off_t at) {
    REAL("pwrite", pwrite_t); return written(real, fd, data, n, at);
}
ssize_t pwrite64(int fd, const void *data, size_t n, off_t at) {
    REAL("pwrite64", pwrite_t); return written(real, fd, data, n, at);
}

typedef int (*cut_t)(int, off_t);
static int cut(cut_t real, int fd, off_t size) {
    int file = file_of(fd);
    if (!file) return real(fd, size);
    pthread_mutex_lock(&gate);
    int failed = real(fd, size);
    if (!failed) record('T', file, size, 0, 0);
    pthread_mutex_unlock(&gate);
    return failed;
}
int ftruncate(int fd, off_t size) { REAL("ftruncate", cut_t); return cut(real, fd, size); }
int ftruncate64(int fd, off_t size) { REAL("ftruncate64", cut_t); return cut(real, fd, size); }

typedef int (*sync_t)(int);
static int synced(sync_t real, int fd) {
    int file = file_of(fd);
    if (!file) return real(fd);
    pthread_mutex_lock(&gate);
    int64_t mine = ++syncs;
    record('B', file, mine, 0, 0);
    pthread_mutex_unlock(&gate);
    int failed = real(fd);
    pthread_mutex_lock(&gate);
    if (!failed) record('E', file, mine, 0, 0);
    pthread_mutex_unlock(&gate);
    return failed;
}
int fsync(int fd) { REAL("fsync", sync_t); return synced(real, fd); }
int fdatasync(int fd) { REAL("fdatasync", sync_t); return synced(real, fd); }
"""

# answers are settled, as `tell` does; leases are only committed, as `ask` does; the write-ahead
# log is folded into the file and begun anew every few commits
WRITERS = """
import os, sys, threading, time
from querist.core.events import Asked, Told
from querist.logs import sqlite_writer
from querist.logs.sqlite import SQLiteLog

sqlite_writer._FOLD_AFTER = 12
# change
log = SQLiteLog(sys.argv[1] + "/log.db")
acks = os.open(sys.argv[1] + "/acks", os.O_RDWR | os.O_CREAT)
gate = threading.Lock()

def acknowledge(position):
    with gate:
        os.pwrite(acks, position.to_bytes(8, "little"), 0)

def append(name):
    for number in range(60):
        acknowledge(log.append([Told(value=f"{name}.{number}", key="x" * (number * 37 % 900))]))

def together(name):
    for number in range(60):
        with log.writing() as session:
            session.append([Asked(task_ids=(f"{name}.{number}",), by=name)])
            position = session.append([Told(value=number)]) if number % 3 else 0
        if position:
            log.settle(session.ticket)
            acknowledge(position)
        else:
            time.sleep(0.001)

threads = [threading.Thread(target=act, args=(act.__name__ + str(n),))
           for act in (append, together) for n in range(2)]
for thread in threads: thread.start()
for thread in threads: thread.join()
os._exit(0)  # no orderly close: that would fold everything into the file
"""
HEAD = struct.Struct("qqqq")
SECTOR = 512


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """The library that watches a process."""
    if sys.platform != "linux" or not (compiler := shutil.which("cc")):
        pytest.skip("needs Linux and a C compiler to watch the writes of a process")
    room = tmp_path_factory.mktemp("shim")
    (room / "shim.c").write_text(SHIM)
    build = [compiler, "-shared", "-fPIC", "-O1", "-o", "shim.so", "shim.c", "-ldl", "-lpthread"]
    subprocess.run(build, cwd=room, check=True, capture_output=True)
    return room / "shim.so"


def recorded(compiled, room, change=""):
    """Everything the writers did to the files: (kind, file, offset, data) in order."""
    (room / "files").mkdir()
    watched = {"LD_PRELOAD": str(compiled), "TAPE": str(room / "tape")}
    subprocess.run(
        [sys.executable, "-c", WRITERS.replace("# change", change), str(room / "files")],
        env={**os.environ, **watched},
        check=True,
        timeout=120,
    )
    raw, steps, at = (room / "tape").read_bytes(), [], 0
    while at < len(raw):
        kind, file, offset, length = HEAD.unpack_from(raw, at)
        at += HEAD.size
        carried = length if chr(kind) == "W" else 0
        steps.append((chr(kind), chr(file), offset, raw[at : at + carried]))
        at += carried
    return steps


@pytest.fixture(scope="module")
def tape(compiled, tmp_path_factory):
    return recorded(compiled, tmp_path_factory.mktemp("power"))


def lay_out(steps, chance, keep):
    """The files a cut after these steps may leave: all that was synced, and some of the rest."""
    begun = {offset: at for at, (kind, _, offset, _) in enumerate(steps) if kind == "B"}
    safe = defaultdict(int)
    for kind, file, offset, _ in steps:
        if kind == "E":
            safe[file] = max(safe[file], begun[offset])
    files = {"d": bytearray(), "w": bytearray()}
    for at, (kind, file, offset, data) in enumerate(steps):
        if file not in files or kind not in "WT":
            continue
        image = files[file]
        if kind == "T":
            if at < safe[file] or chance.random() < keep:
                del image[offset:]
            continue
        end = offset + len(data)
        while offset < end:
            piece_end = min(end, (offset // SECTOR + 1) * SECTOR)
            if at < safe[file] or chance.random() < keep:
                image.extend(bytes(max(piece_end - len(image), 0)))
                image[offset:piece_end] = data[: piece_end - offset]
            data, offset = data[piece_end - offset :], piece_end
    return files


def acknowledged(steps):
    """The last position a caller was told."""
    told = [data for kind, file, _, data in steps if (kind, file) == ("W", "a")]
    return max((int.from_bytes(data, "little") for data in told), default=0)


def recovered(files, folder):
    """Open what a cut left; where the log ends then."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "log.db").write_bytes(files["d"])
    (folder / "log.db-wal").write_bytes(files["w"])
    log = SQLiteLog(folder / "log.db")
    try:
        return log.verify()
    finally:
        log.close()


def cuts(tape):
    """Moments worth a cut: from the first answer on, most of all around syncs."""
    first = next(at for at, step in enumerate(tape) if step[1] == "a")
    around = [at + 1 for at, step in enumerate(tape) if step[0] in "BET" or step[1] == "a"]
    return [at for at in around if at > first]


def test_the_tape_holds_what_matters(tape):
    kinds = Counter((kind, file) for kind, file, _, _ in tape)
    assert kinds["W", "w"] > 200 and kinds["E", "w"] > 40  # commits, and syncs for many
    assert kinds["W", "d"] > 40 and kinds["E", "d"] > 5  # folded into the file several times
    restarts = sum(step[:3] == ("W", "w", 0) for step in tape)
    assert restarts > 5  # and begun anew
    assert acknowledged(tape) > 250


@pytest.mark.slow
@pytest.mark.parametrize("keep", [0.0, 0.3, 0.9])
def test_a_power_cut_loses_nothing_acknowledged(tape, keep, tmp_path):
    chance = random.Random(int(10 * keep))
    moments = cuts(tape)
    lost = {}
    for at in chance.sample(moments, min(60, len(moments))):
        end = recovered(lay_out(tape[:at], chance, keep), tmp_path / "cut")
        if end < acknowledged(tape[:at]):
            lost[at] = (end, acknowledged(tape[:at]))
    assert not lost


@pytest.mark.slow
def test_the_test_can_fail(compiled, tmp_path):
    """With the syncs SQLite makes by itself alone, what was acknowledged would be lost."""
    change = "sqlite_writer._sync = lambda file: None; sqlite_writer._FOLD_AFTER = 1000"
    forgetful = recorded(compiled, tmp_path, change)
    chance = random.Random(0)
    lost = 0
    for at in chance.sample(cuts(forgetful), 20):
        files = lay_out(forgetful[:at], chance, 0.0)
        lost += recovered(files, tmp_path / "cut") < acknowledged(forgetful[:at])
    assert lost > 15
