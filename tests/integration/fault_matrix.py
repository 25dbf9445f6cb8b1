#!/usr/bin/env python3
# SPDX-License-Identifier: MIT-0
"""fault_matrix.py [--into FILE] [WORD...]: every fault of tests/lab, with and without a spool.

A cell is one recording of the same stream to a server that fails for two of four seconds. After it
every segment that was accepted must be in the bucket, byte for byte, or be named as lost; with a
spool none may be lost. Prints a table of Markdown, or puts it into FILE between its two marks. WORDs
choose the rows that hold one of them. Needs S3HLS_FAULT_CAMERA, and S3HLS_LAB_DIR for the rows of a
real server.
"""
import concurrent.futures
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import typing

HERE = os.path.dirname(os.path.realpath(__file__))
LAB = os.path.join(HERE, "..", "lab")
CAMERA = os.environ["S3HLS_FAULT_CAMERA"]
SLOW = "S3HLS_SANITIZED" in os.environ  # TLS takes ten times as long: nothing may depend on time
SECONDS, SPEED, ON_S, OFF_S, AT_ONCE = 16, 4, 0.75, 2.75, 4 if SLOW else 8
PATIENCE = ["connect-ms=8000", "drain-ms=90000"] if SLOW else []
TIMELINE = "timelines/1767225600.json"  # of the camera's first frame
INIT = "timelines/1767225600.mp4"
# H.264 in MPEG-TS; and, in every third row, with sound in fragmented MP4
TRACKS = {"video": [], "sound": ["container=1", "sound=1"]}
COLUMNS = {"memory": ["pool-kib=1024", "drop=oldest"],
           "spool": ["pool-kib=4096" if SLOW else "pool-kib=2048"]}


class Skipped(Exception):
    pass


def run(*command, env=None, check=True, **options):
    done = subprocess.run(command, env=env, text=True, stdin=subprocess.DEVNULL, timeout=60,
                          capture_output=True, **options)
    if done.returncode == 77:
        raise Skipped(done.stdout.strip().removeprefix("SKIPPED: "))
    if check and done.returncode:
        raise RuntimeError(f"{command[0]}: {done.returncode}: {done.stderr or done.stdout}")
    return done.stdout


def read_env(path):
    """The variables that a script of tests/lab exports."""
    with open(path) as file:
        return dict(re.match(r"export (\w+)=(.*)", line).groups() for line in file)


# ---- servers, and how each is made to fail

class Fake:
    """tests/lab/fake_s3.py, told what to do over its control address."""
    inside = ()
    noticed = None  # whether the fault came about; None: a warning of the library's shows it

    def __init__(self, folder, orders):
        self.folder, self.orders = f"{folder}/fake", orders
        os.mkdir(self.folder)
        self.start()
        self.env = read_env(f"{self.folder}/env")

    def start(self):
        self.process = subprocess.Popen(
            [*self.inside, sys.executable, f"{LAB}/fake_s3.py", self.folder, TLS],
            stdin=subprocess.DEVNULL)
        end = time.monotonic() + 20
        while not os.path.exists(f"{self.folder}/env"):
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError("the fake does not start")
            time.sleep(0.05)

    def control(self, orders):
        return json.loads(run(*self.inside, "curl", "-sSf", "-d", json.dumps(orders),
                              self.env["S3HLS_LAB_CONTROL"]))

    def on(self):
        self.control(self.orders)

    def wait_for_fault(self):
        """A busy machine may not have come to the faulty phase of a request yet."""
        end = time.monotonic() + 8
        while not self.control({})["fired"] and time.monotonic() < end:
            time.sleep(0.1)

    def off(self):
        if self.orders.get("faults"):
            self.wait_for_fault()
        calm = {"faults": [], "refuse": False, "clock_s": 0, "region": "us-east-1",
                "keys": {self.env["AWS_ACCESS_KEY_ID"]:
                         {"secret": self.env["AWS_SECRET_ACCESS_KEY"]}}}
        fired = self.control(calm)["fired"]
        if self.orders.get("faults"):
            self.noticed = bool(fired)

    def stop(self):
        self.process.kill()
        self.process.wait()


class Network(Fake):
    """The fake and the camera in a network namespace whose network fails."""

    def __init__(self, folder, verb):
        self.name = "s3hls-" + os.path.basename(folder)
        run(f"{LAB}/netns.sh", "up", self.name)
        self.inside = ("ip", "netns", "exec", self.name)
        self.verb = verb
        super().__init__(folder, {})
        self.port = self.env["S3HLS_LAB_ENDPOINT_TLS"].rpartition(":")[2]

    def on(self):
        verb, *rest = self.verb
        run(f"{LAB}/netns.sh", verb, self.name, self.port, *rest)

    def off(self):
        run(f"{LAB}/netns.sh", "clear", self.name)

    def stop(self):
        if hasattr(self, "process"):
            super().stop()
        run(f"{LAB}/netns.sh", "down", self.name)


class Proxy:
    """haproxy before radosgw."""
    inside, noticed = (), None

    def __init__(self, folder, fault):
        self.folder, self.fault = f"{folder}/proxy", fault
        self.env = real_server()
        run(f"{LAB}/proxy.sh", "up", self.folder, env=os.environ | self.env)
        self.env |= read_env(f"{self.folder}/env")

    def on(self):
        run(f"{LAB}/proxy.sh", "fault", self.folder, self.fault)

    def off(self):
        run(f"{LAB}/proxy.sh", "clear", self.folder)

    def stop(self):
        run(f"{LAB}/proxy.sh", "down", self.folder)


class Stopped:
    """radosgw itself, stopped as a process: it accepts and never answers."""
    inside, noticed = (), None

    def __init__(self, _folder, _what):
        self.env = real_server()
        self.pid = int(self.env["S3HLS_LAB_RGW_PID"])

    def on(self):
        os.kill(self.pid, signal.SIGSTOP)

    def off(self):
        os.kill(self.pid, signal.SIGCONT)

    stop = off


def real_server():
    path = os.path.join(os.environ.get("S3HLS_LAB_DIR", "/nonexistent"), "env")
    if not os.path.exists(path):
        raise Skipped("no S3 server: tests/lab/rgw-up.sh has not run")
    return read_env(path)


# ---- rows

class Row(typing.NamedTuple):
    phase: str
    fault: str
    how: tuple  # a server, and what to tell it
    harms: bool = True  # False: the library need not notice


def fake(*faults, **orders):
    return Fake, {"faults": list(faults), **orders}


def all_rows():
    rows = [Row("none", "none", fake(), harms=False),
            Row("connect", "refused", fake(refuse=True)),
            Row("TLS", "certificate of somebody else", fake({"do": "certificate"})),
            Row("body", "read at 20 kB/s", fake({"do": "slow", "bytes_per_s": 20000})),
            Row("body", "503 SlowDown, half way", fake({"do": "SlowDown", "phase": "body"})),
            Row("body", "200 OK, half way, not stored",
             fake({"do": "OK", "phase": "body", "methods": ["PUT"]})),
            Row("answer", "200 OK of somebody else, not stored",
             fake({"do": "OK", "phase": "answer", "methods": ["PUT"]})),
            Row("after", "200 OK, cut off in the head", fake({"do": "OK", "cut": True})),
            Row("answer", "503 SlowDown, cut off in the body", fake({"do": "SlowDown", "cut": True})),
            Row("after", "no HTTP for an answer", fake({"do": "garbage"})),
            Row("head", "another region", fake(region="eu-west-1")),
            Row("head", "server's clock 1 h behind", fake(clock_s=-3600)),
            Row("head", "server's clock 1 h ahead", fake(clock_s=3600)),
            Row("head", "keys withdrawn", fake(keys={}))]
    phases = {"connect": "connect", "tls": "TLS", "head": "head", "body": "body",
              "answer": "answer", "after": "after"}
    rows += [Row(shown, "silence", fake({"do": "silence", "phase": phase}))
             for phase, shown in phases.items()]
    rows += [Row(shown, "reset", fake({"do": "reset", "phase": phase}))
             for phase, shown in phases.items()]
    rows += [Row(shown, "closed", fake({"do": "close", "phase": phase}))
             for phase, shown in phases.items()]
    codes = """PermanentRedirect TemporaryRedirect AuthorizationHeaderMalformed ExpiredToken
        InvalidToken TokenRefreshRequired InvalidAccessKeyId RequestTimeTooSkewed
        SignatureDoesNotMatch AccessDenied NoSuchBucket SlowDown TooManyRequests InternalError
        BadGateway ServiceUnavailable GatewayTimeout RequestTimeout BadDigest IncompleteBody
        OperationAborted ConditionalRequestConflict EntityTooLarge RequestEntityTooLarge
        InvalidArgument MissingContentLength NotImplemented PreconditionFailed""".split()
    rows += [Row("answer", code, fake({"do": code})) for code in codes]
    mixed = ["SlowDown", "InternalError", "ExpiredToken", "RequestTimeout"]
    rows.append(Row("any", "each of eight, 1 request in 10", fake(
        *({"do": code, "share": 0.1} for code in mixed),
        *({"do": "reset", "phase": phase, "share": 0.1} for phase in ("tls", "body", "after")),
        {"do": "silence", "phase": "answer", "seconds": 1, "share": 0.1})))
    harmless = ["50 ms later, each way", "1 Mbit/s", "5 % of packets lost", "connections killed once", "Date 1 h late"]
    network = {"refused": ["refuse"], "black hole": ["blackhole"],
               "black hole after 60,000 bytes": ["blackhole", "60000"],
               "reset after 60,000 bytes": ["reset", "60000"], "1 Mbit/s": ["rate", "1mbit"],
               "5 % of packets lost": ["loss", "5"], "30 % of packets lost": ["loss", "30"],
               "connections killed once": ["kill"], "50 ms later, each way": ["delay", "50"]}
    rows += [Row("network", name, (Network, verb), name not in harmless) for name, verb in network.items()]
    proxy = {"slowdown": "503 SlowDown, each third", "first-two": "500, the first two tries",
             "reset-body": "reset in the body", "hole-body": "silence in the body",
             "lost": "stored, no answer", "bad-gateway": "stored, 502", "late-date": "Date 1 h late"}
    rows += [Row("haproxy, radosgw", shown, (Proxy, fault), shown not in harmless) for fault, shown in proxy.items()]
    rows.append(Row("radosgw", "stopped, continues", (Stopped, None)))
    return rows


# ---- a cell

def record(server, folder, destination, options):
    """@return the camera's report, after a recording during which the server failed for a while."""
    log = open(f"{folder}/camera.log", "w")
    env = os.environ | (server.env if server else {})
    camera = subprocess.Popen(
        [*(server.inside if server else ()), CAMERA, destination, f"seconds={SECONDS}", *PATIENCE, *options],
        env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        if server:
            time.sleep(ON_S)
            server.on()
            time.sleep(OFF_S - ON_S)
            server.off()
        out, _ = camera.communicate(timeout=150)
    finally:
        camera.kill()
        camera.wait()
        log.close()
    if camera.returncode:
        raise RuntimeError(f"the camera: {camera.returncode}")
    return json.loads(out)


def has_warning(folder):
    with open(f"{folder}/camera.log") as log:
        return any(line.startswith("2 ") for line in log)


def read_back(server, prefix, folder):
    """@return the objects of the bucket, by key: by curl, not by what is tested."""
    os.mkdir(f"{folder}/bucket")
    env = server.env
    url = f"{env['S3HLS_LAB_ENDPOINT_TLS']}/{env['S3HLS_LAB_BUCKET']}"
    user = f"{env['AWS_ACCESS_KEY_ID']}:{env['AWS_SECRET_ACCESS_KEY']}"
    curl = [*server.inside, "curl", "-sSf", "--max-time", "30", "--cacert", env["S3HLS_LAB_CA"],
            "--user", user, "--aws-sigv4", "aws:amz:us-east-1:s3",
            "-H", "x-amz-content-sha256: UNSIGNED-PAYLOAD"]
    page = run(*curl, f"{url}?list-type=2&prefix={prefix}")
    keys = re.findall(r"<Key>(.*?)</Key>", page)
    fetch = [part for i, key in enumerate(keys) for part in ("-o", f"{folder}/bucket/{i}",
                                                             f"{url}/{key}")]
    if fetch:
        run(*curl, *fetch)
    objects = {}
    for i, key in enumerate(keys):
        with open(f"{folder}/bucket/{i}", "rb") as file:
            objects[key.removeprefix(prefix + "/")] = file.read()
    return objects


def judge(report, objects, reference, spooled):
    """@return what is wrong, and the number of segments that are whole in the bucket."""
    wrong, lost = [], set(report["lost"])
    accepted, delivered, dropped = (report[f"segments_{name}"]
                                    for name in ("accepted", "delivered", "dropped"))
    if accepted != delivered + dropped + report["segments_spooled"] + report["segments_waiting"]:
        wrong.append("the ledger does not close")
    if report["bytes_accepted"] != report["bytes_delivered"] + report["bytes_dropped"]:
        wrong.append("the ledger of bytes does not close")
    whole = {key for key, data in objects.items() if reference.get(key) == data}
    if len(whole) < len(objects):
        wrong.append(f"other bytes than were recorded: {sorted(set(objects) - whole)}")
    objects_of_timeline = {key for key in (TIMELINE, INIT) if key in reference}
    if not objects_of_timeline <= whole:
        wrong.append("an object of the timeline is missing")
    whole -= objects_of_timeline
    if delivered > len(whole) or delivered < len(whole - lost):
        wrong.append(f"{delivered} told as delivered, {len(whole)} are there")
    if dropped != len(report["lost"]):
        wrong.append(f"{dropped} dropped, {len(report['lost'])} named")
    if missing := set(reference) - objects_of_timeline - whole - lost:
        wrong.append(f"silently lost: {sorted(missing)}")
    if accepted != SECONDS or report["frames_dropped"]:
        wrong.append(f"{report['frames_dropped']} frames left out")
    if spooled and len(whole) < SECONDS:
        wrong.append("lost in spite of a spool")
    return wrong, len(whole)


def tracks_of(row_number):
    return "sound" if row_number % 3 == 0 else "video"


def run_cell(row, column, tracks, reference, top):
    folder = tempfile.mkdtemp(prefix="cell-", dir=top)
    if tracks == "sound" and column == "memory":  # each segment has up to three blocks more
        more = ["pool-kib=1536"]
    else:
        more = []
    options = [*COLUMNS[column], *more, *TRACKS[tracks], *([f"spool={folder}/spool"] if column == "spool" else [])]
    prefix = os.path.basename(folder)
    cell = {"wrong": [], "report": None, "whole": 0}
    server = None
    try:
        kind, what = row.how
        server = kind(folder, what)
        cell["report"] = record(server, folder, f"s3://{server.env['S3HLS_LAB_BUCKET']}/{prefix}",
                                options)
        objects = read_back(server, prefix, folder)
        cell["wrong"], cell["whole"] = judge(cell["report"], objects, reference,
                                             column == "spool")
        if row.harms and not (has_warning(folder) if server.noticed is None else server.noticed):
            cell["wrong"].append("the fault never came about")
    except Skipped as skipped:
        cell["skipped"] = str(skipped)
    except (RuntimeError, subprocess.SubprocessError, ValueError) as error:
        cell["wrong"] = [str(error)]
    finally:
        if server:
            server.stop()
    if cell["wrong"]:
        with open(f"{folder}/camera.log") as log:
            tail = "".join("    " + line for line in log.readlines()[-12:])
        print(f"FAILED: {row.phase}, {row.fault}, {column}: {'; '.join(cell['wrong'])}\n"
              f"    {brief(cell['report'])}\n{tail}", flush=True)
    shutil.rmtree(folder)
    return cell


def brief(report):
    return {name: value for name, value in (report or {}).items() if not name.endswith("_ns")}


# ---- all of it

def make_reference(top, tracks):
    """@return what a recording without any fault leaves, by key."""
    folder = tempfile.mkdtemp(prefix="reference-", dir=top)
    os.mkdir(f"{folder}/store")
    record(None, folder, f"file://{folder}/store", ["speed=40", *TRACKS[tracks]])
    objects = {}
    for path, _, files in os.walk(f"{folder}/store"):
        for name in files:
            with open(f"{path}/{name}", "rb") as file:
                objects[os.path.relpath(f"{path}/{name}", f"{folder}/store")] = file.read()
    if len(objects) != SECONDS + 1 + (INIT in objects) or TIMELINE not in objects:
        raise RuntimeError(f"the reference has {sorted(objects)}")
    return objects


def quantile_us(times_ns, part):
    times_ns = sorted(times_ns)
    return times_ns[min(int(part * len(times_ns)), len(times_ns) - 1)] / 1000


def show(cell):
    if "skipped" in cell:
        return ["skipped"] * 3
    if not cell["report"]:
        return ["FAILED"] * 3
    report = cell["report"]
    return [f"{report['segments_accepted']} / {cell['whole']} / {report['segments_dropped']}"
            + (" FAILED" if cell["wrong"] else ""), f"{report['drain_ms'] / 1000:.1f}",
            " / ".join(f"{quantile_us(report['put_ns'], part):.0f}" for part in (0.5, 0.99, 1))]


def make_table(rows, cells):
    lines = ["| phase | fault | memory: accepted / in the bucket / lost and reported | drain, s | "
             "put, µs: p50 / p99 / max | spool: accepted / in the bucket / lost and reported | "
             "drain, s | put, µs: p50 / p99 / max |", "|---|---|---|---|---|---|---|---|"]
    for i, row in enumerate(rows):
        shown = [text for column in COLUMNS for text in show(cells[i, column])]
        lines.append(f"| {row.phase} | {row.fault} | {' | '.join(shown)} |")
    reports = [cell["report"] for cell in cells.values() if cell["report"]]
    return "\n".join(lines) + "\n" + (show_puts(reports) if reports else "")


def show_puts(reports):
    lines = ["", "All puts of all cells together:", "",
             "| | p50 | p99 | p99.9 | p99.99 | max |", "|---|---|---|---|---|---|"]
    for name, what in (("sound_ns", "put_audio, by the wall's clock, µs"),
                       ("put_ns", "by the wall's clock, µs"),
                       ("put_cpu_ns", "of the thread's own time, µs")):
        every = [ns for report in reports for ns in report[name]]
        if not every:
            continue
        shown = (f"{quantile_us(every, part):.1f}" for part in (0.5, 0.99, 0.999, 0.9999, 1))
        lines.append(f"| {what} | {' | '.join(shown)} |")
    lines += ["", f"{len(every)} puts, of which {sum(report['put_waits'] for report in reports)} "
              "gave the processor away themselves."]
    return "\n".join(lines) + "\n"


def put_into(path, table):
    with open(path) as file:
        text = file.read()
    begin, end = "<!-- matrix -->\n", "<!-- end of matrix -->"
    head, _, rest = text.partition(begin)
    _, _, tail = rest.partition(end)
    with open(path, "w") as file:
        file.write(head + begin + table + end + tail)


def main():
    words = sys.argv[1:]
    into = None
    if words[:1] == ["--into"]:
        into, words = words[1], words[2:]
    rows = [row for row in all_rows() if not words or any(w in f"{row.phase}, {row.fault}" for w in words)]
    with tempfile.TemporaryDirectory(prefix="fault-") as top:
        global TLS
        TLS = f"{top}/tls"
        run(f"{LAB}/certificates.sh", TLS)
        references = {tracks: make_reference(top, tracks) for tracks in TRACKS}
        alone = [(i, c) for i, row in enumerate(rows) for c in COLUMNS if row.how[0] is Stopped]
        beside = [(i, c) for i in range(len(rows)) for c in COLUMNS if (i, c) not in alone]
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            running = {at: pool.submit(run_cell, rows[at[0]], at[1], tracks_of(at[0]),
                                       references[tracks_of(at[0])], top) for at in beside}
            cells = {at: cell.result() for at, cell in running.items()}
        for at in alone:
            tracks = tracks_of(at[0])
            cells[at] = run_cell(rows[at[0]], at[1], tracks, references[tracks], top)
    table = make_table(rows, cells)
    put_into(into, table) if into else print(table)
    failed = sum(bool(cell["wrong"]) for cell in cells.values())
    skipped = [cell["skipped"] for cell in cells.values() if "skipped" in cell]
    for why in sorted(set(skipped)):
        print(f"SKIPPED: {skipped.count(why)} cells: {why}")
    print(f"{len(cells)} cells, {failed} failed, {len(skipped)} skipped")
    return 1 if failed else 77 if skipped else 0  # 77: CTest counts it as skipped


if __name__ == "__main__":
    sys.exit(main())
