#!/usr/bin/env python3
"""A trace reader that looks at the container only, as an example of an adapter.

It knows headers, batches and generations, and nothing of events: it says so in its hello (`judges`), and is then held
to the rules of these groups alone. Everything is from scratch, with the standard library:

    tracehound reader check "cmd:python3 adapters/python/container.py"
    tracehound hunt --reader "cmd:python3 adapters/python/container.py"
"""

import json
import re
import struct
import sys

HEADER = re.compile(rb"go{s}+1\.{s}*([0-9]+){s}+trace\x00\x00\x00".replace(
    b"{s}", rb"(?:[ \t\x0b\x0c\r]|\xc2\x85|\xc2\xa0|\xe1\x9a\x80|\xe2\x80[\x80-\x8a\xa8\xa9\xaf]|\xe2\x81\x9f|\xe3\x80\x80)"))
VERSIONS = (22, 23, 25, 26)
MOST = 65536
EVENT_BATCH, STACKS, STACK, STRINGS, STRING, SAMPLES, SAMPLE, FREQUENCY = 1, 2, 3, 4, 5, 6, 7, 8
EXPERIMENTAL, SYNC, CLOCK, END = 49, 50, 51, 52


class Refused(Exception):
    """A rule is broken: its class, as docs/rules.md names it, and the offset."""

    def __init__(self, rule, offset, words):
        super().__init__(words)
        self.rule, self.offset = rule, offset


class Ends(Exception):
    """The input ends where Go's reader takes it for the end of the trace."""


class NotMine(Exception):
    """Something is wrong that is not the container's: not for this reader to judge."""


def number(data, at, end, rule):
    """An unsigned LEB128 number of at most 64 bits, and where it ends. Without a rule, none at all is an `Ends`."""
    value = shift = 0
    for place in range(at, end):
        byte = data[place]
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            if place - at > 9 or value >> 64:
                break
            return value, place + 1
        if place - at == 9:
            break
    else:
        if rule is None and at == end:
            raise Ends
    if rule is None:
        raise NotMine
    raise Refused(rule, at, "expected a number of a batch's header")


def skip(data, at, end, count):
    """Behind so many numbers of a table record."""
    for _ in range(count):
        _, at = number(data, at, end, None)
    return at


def table(data, at, end, kind, seen):
    """Walks over a table's records; they matter only where they end the trace."""
    # Before 1.25 sync data has no kind byte of its own.
    at += 0 if kind == FREQUENCY else 1
    while at < end:
        record, at = data[at], at + 1
        if (kind, record) == (STRINGS, STRING):
            at = skip(data, at, end, 1)
            size, at = number(data, at, end, None)
            if size > 1024 or at + size > end:
                raise NotMine
            at += size
        elif (kind, record) == (STACKS, STACK):
            at = skip(data, at, end, 1)
            frames, at = number(data, at, end, None)
            try:
                at = skip(data, at, end, 4 * min(frames, 1000))
            except Ends:
                raise NotMine from None
        elif (kind, record) == (SAMPLES, SAMPLE):
            at = skip(data, at, end, 5)
        elif kind in (SYNC, FREQUENCY) and record == FREQUENCY:
            at = skip(data, at, end, 1)
            seen.add(FREQUENCY)
        elif (kind, record) == (SYNC, CLOCK):
            at = skip(data, at, end, 4)
            seen.add(CLOCK)
        else:
            raise NotMine


class Container:
    """The batches of a trace, one after another."""

    def __init__(self, data):
        header = HEADER.match(data)
        if not header:
            raise Refused("header-malformed", 0, "not the header of a trace")
        self.minor = int(header[1])
        if self.minor not in VERSIONS:
            raise Refused("header-version-unsupported", 0, f"version 1.{self.minor} is not known")
        self.data, self.at, self.generation, self.streams = data, header.end(), 0, False
        self.seen = set()

    def batch(self):
        """The next batch: where it begins, its generation, experiment, and payload; `None` at the end."""
        data, begin = self.data, self.at
        if begin == len(data):
            return None
        kind, at, experiment = data[begin], begin + 1, 0
        if kind == EXPERIMENTAL:
            if at == len(data):
                # Go's reader takes this for the end of the input.
                return None
            experiment, at = data[at], at + 1
        elif kind == END and self.minor >= 26:
            self.at = at
            return begin, 0, None, (begin, at)
        elif kind == END:
            raise Refused("gen-zero", begin, "an end of generation in a version that has none")
        elif kind != EVENT_BATCH:
            raise Refused("batch-expected", begin, f"byte {kind} is no batch")
        fields = []
        for _ in range(4):
            value, at = number(data, at, len(data), "batch-header-varint")
            fields.append(value)
        generation, _, _, size = fields
        if size > MOST:
            raise Refused("batch-too-large", begin, f"a batch of {size} bytes")
        if at + size > len(data):
            raise Refused("batch-body-truncated", begin, "the input ends inside a batch")
        self.at = at + size
        return begin, generation, experiment, (at, self.at)

    def judge(self):
        """Reads to the end; raises `Refused` where a rule of the container is broken."""
        while (batch := self.batch()) is not None:
            begin, generation, experiment, (at, end) = batch
            kind = self.data[at] if at < end and not experiment else None
            marker = experiment is None or (self.minor >= 26 and kind == END)
            if marker:
                self.finish()
                self.generation, self.streams, self.seen = 0, False, set()
                continue
            if generation == 0:
                raise Refused("gen-zero", begin, "a batch of generation 0")
            self.enter(begin, generation)
            self.payload(at, end, kind, experiment)
        if self.minor >= 26 and self.streams:
            raise Refused("gen-incomplete", len(self.data), "the input ends before the generation's end marker")
        if self.minor < 26 and self.generation:
            self.finish()

    def enter(self, begin, generation):
        """A batch of this generation comes."""
        if self.generation in (0, generation):
            self.generation = generation
        elif self.minor >= 26:
            raise Refused("gen-interleaved", begin, "the generation changes before its end marker")
        elif generation == (self.generation + 1) % 2**64:
            self.finish()
            self.generation, self.seen = generation, set()
        else:
            raise Refused("gen-out-of-order", begin, f"generation {generation} after {self.generation}")

    def finish(self):
        """A generation without its clock is refused, for a rule of the tables."""
        if FREQUENCY not in self.seen or (self.minor >= 25 and CLOCK not in self.seen):
            raise NotMine

    def payload(self, at, end, kind, experiment):
        """What a batch holds, as far as the container depends on it."""
        sync = SYNC if self.minor >= 25 else FREQUENCY
        if kind in (STRINGS, STACKS, SAMPLES, sync):
            table(self.data, at, end, kind, self.seen)
        elif kind == END:
            raise Refused("eog-in-old-batch", at, "an end of generation inside a batch")
        elif not experiment:
            self.streams = True


def uvarint(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def answer(trace):
    """The verdict on a trace, as an answer of the protocol; no events."""
    verdict, rule, words, place = 0, b"", b"", 0
    try:
        Container(trace).judge()
    except Refused as refused:
        verdict = 1 if refused.rule.startswith("header") else 2
        rule, words, place = refused.rule.encode(), str(refused).encode(), refused.offset + 1
    except (Ends, NotMine):
        pass
    nothing = uvarint(0)
    return b"".join([
        bytes([verdict]), nothing, struct.pack("<I", 0), nothing, nothing,
        uvarint(len(rule)), rule, uvarint(len(words)), words, uvarint(place),
    ])


def send(frame):
    sys.stdout.buffer.write(struct.pack("<I", len(frame)) + frame)
    sys.stdout.buffer.flush()


def main():
    hello = {"protocol": 1, "name": "container.py", "version": "1", "reads": VERSIONS, "judges": ["header", "container"]}
    send(json.dumps(hello).encode())
    while len(size := sys.stdin.buffer.read(4)) == 4:
        # The first byte asks for events or text, of which there are none.
        request = sys.stdin.buffer.read(struct.unpack("<I", size)[0])
        send(answer(request[1:]))


if __name__ == "__main__":
    main()
