"""Reads one member as the documentation of `headcount_redis::rows` says; no library is needed.

read.py redis://HOST:PORT GUILD USER
"""

import json
import socket
import sys

TEXT, NUMBER, BOOL, ID, SKU, IMAGE, TIME = range(7)

# Each part with its type, and whether it can be null.
NAMEPLATE = [("sku_id", SKU, True), ("palette", TEXT, True), ("label", TEXT, True),
    ("asset", TEXT, False)]
COLLECTIBLES = [("nameplate", NAMEPLATE, True)]
DECORATION = [("sku_id", SKU, True), ("asset", IMAGE, False)]
PRIMARY_GUILD = [("tag", TEXT, True), ("identity_guild_id", ID, True),
    ("identity_enabled", BOOL, True), ("badge", IMAGE, True)]
USER = [("username", TEXT, False), ("system", BOOL, False), ("public_flags", NUMBER, False),
    ("primary_guild", PRIMARY_GUILD, True), ("global_name", TEXT, True),
    ("discriminator", TEXT, False), ("collectibles", COLLECTIBLES, True), ("bot", BOOL, False),
    ("banner", IMAGE, True), ("avatar_decoration_data", DECORATION, True),
    ("avatar", IMAGE, True), ("accent_color", NUMBER, True)]
MEMBERSHIP = [("unusual_dm_activity_until", TIME, True), ("premium_since", TIME, True),
    ("pending", BOOL, False), ("nick", TEXT, True), ("mute", BOOL, False),
    ("joined_at", TIME, True), ("flags", NUMBER, False), ("deaf", BOOL, False),
    ("communication_disabled_until", TIME, True),
    ("collectibles", COLLECTIBLES, True), ("banner", IMAGE, True),
    ("avatar_decoration_data", DECORATION, True), ("avatar", IMAGE, True)]


class Row:
    def __init__(self, data):
        self.data = data

    def take(self, count):
        taken, self.data = self.data[:count], self.data[count:]
        return taken

    def whole(self, count):
        return int.from_bytes(self.take(count), "little")

    def number(self):
        value = shift = 0
        while True:
            byte = self.whole(1)
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    def value(self, kind, usual):
        if isinstance(kind, list):
            return self.record(kind)
        if kind == BOOL:
            return not usual
        if kind == NUMBER:
            return self.number()
        if kind == ID:
            return str(self.whole(8))
        if kind == SKU:  # An id, but a number in JSON.
            return self.whole(8)
        if kind == TEXT:
            return self.take(self.number()).decode()
        if kind == TIME:
            if usual:
                return self.whole(6) * 1000
            return int.from_bytes(self.take(8), "little", signed=True)
        if usual:
            return self.take(16).hex()
        length = self.number()
        return self.take(length - 1).decode() if length else "a_" + self.take(16).hex()

    def record(self, parts):
        mask, record = self.whole((len(parts) + 3) // 4), {}
        for name, kind, nullable in parts:
            state, mask = mask & 3, mask >> 2
            if state == 1:
                record[name] = None if nullable else "" if kind == TEXT else 0
            elif state:
                record[name] = self.value(kind, state == 2)
        return record

    def member(self, user):
        count = self.number()
        roles = [str(self.whole(8)) for _ in range(count - 1)] if count else None
        member = {"user": {"id": str(user), **self.record(USER)}}
        if roles is not None:
            member["roles"] = roles
        return {**member, **self.record(MEMBERSHIP)}


def bucket(user, buckets):
    spread = (user * 0x9E3779B97F4A7C15 & (1 << 64) - 1) >> 32
    size = 1 << (buckets - 1).bit_length()
    place = spread & size - 1
    return place if place < buckets else place & size // 2 - 1


def ask(stream, *words):
    words = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    stream.write(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words))
    stream.flush()
    return answer(stream)


def answer(stream):
    line = stream.readline().strip()
    if line[:1] == b"*":
        return [answer(stream) for _ in range(int(line[1:]))]
    if line[:1] == b"$":
        return None if line == b"$-1" else stream.read(int(line[1:]) + 2)[:-2]
    raise SystemExit(line.decode())


def main(address, guild, user):
    host, port = address.removeprefix("redis://").split(":")
    stream = socket.create_connection((host, int(port))).makefile("rwb")
    keys = "{headcount:%s}" % guild
    buckets = int(ask(stream, "HMGET", keys + ":head", "buckets")[0])
    key = "%s:members:%d" % (keys, bucket(user, buckets))
    name = user.to_bytes(8, "little")
    first = ask(stream, "HMGET", key, name)[0]
    names = [name] + [name + bytes([piece]) for piece in range(1, first[1])]
    row = b"".join(ask(stream, "HMGET", key, *names))
    print(json.dumps(Row(row[2:]).member(user)))


main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
