#!/usr/bin/env python3
"""The event files of a run against its metrics.csv: every number there is, at its step, under its tag.

    events_check.py READER RUN

READER: tensorboard (TensorBoard's own), or protobuf (Google's, with the records taken apart here). 77: not installed.
"""
import collections
import csv
import math
import pathlib
import struct
import sys


def masked_crc32c(data, table=[]):
    """Castagnoli's CRC, rotated and offset as TFRecord wants it."""
    if not table:
        for byte in range(256):
            value = byte
            for _ in range(8):
                value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
            table.append(value)
    crc = 0xFFFFFFFF
    for byte in data:
        crc = table[(crc ^ byte) & 0xFF] ^ crc >> 8
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def records(path):
    data, at = path.read_bytes(), 0
    while at < len(data):
        length, = struct.unpack_from("<Q", data, at)
        assert struct.unpack_from("<I", data, at + 8)[0] == masked_crc32c(data[at:at + 8]), "sum of a length"
        payload = data[at + 12:at + 12 + length]
        assert struct.unpack_from("<I", data, at + 12 + length)[0] == masked_crc32c(payload), "sum of a record"
        yield payload
        at += length + 16


def event_class():
    """TensorFlow's Event, as far as scalars need it, field numbers as published."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
    file = descriptor_pb2.FileDescriptorProto(name="event.proto", package="t", syntax="proto2")
    kinds = descriptor_pb2.FieldDescriptorProto

    def message(name, *fields):
        made = file.message_type.add(name=name)
        for field, number, kind, of in fields:
            label = kinds.LABEL_REPEATED if field == "value" else kinds.LABEL_OPTIONAL
            made.field.add(name=field, number=number, type=kind, label=label, type_name=of)

    message("Value", ("tag", 1, kinds.TYPE_STRING, None), ("simple_value", 2, kinds.TYPE_FLOAT, None))
    message("Summary", ("value", 1, kinds.TYPE_MESSAGE, ".t.Value"))
    message("Event", ("wall_time", 1, kinds.TYPE_DOUBLE, None), ("step", 2, kinds.TYPE_INT64, None),
            ("file_version", 3, kinds.TYPE_STRING, None), ("summary", 5, kinds.TYPE_MESSAGE, ".t.Summary"))
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    found = pool.FindMessageTypeByName("t.Event")
    if hasattr(message_factory, "GetMessageClass"):
        return message_factory.GetMessageClass(found)
    return message_factory.MessageFactory(pool).GetPrototype(found)


def by_protobuf(run):
    event = event_class()
    scalars = collections.defaultdict(dict)
    for path in sorted(run.glob("events.out.tfevents.*")):
        for number, payload in enumerate(records(path)):
            one = event.FromString(payload)
            assert one.wall_time > 1e9, "wall time"
            if number == 0:
                assert one.file_version == "brain.Event:2", one.file_version
            for value in one.summary.value:
                scalars[value.tag][one.step] = value.simple_value
    return scalars


def by_tensorboard(run):
    from tensorboard.backend.event_processing import event_accumulator
    reader = event_accumulator.EventAccumulator(str(run), size_guidance={"scalars": 0, "tensors": 0})
    reader.Reload()
    tags = reader.Tags()
    return {tag: {e.step: e.value for e in reader.Scalars(tag)} for tag in tags["scalars"]}


def main():
    reader, run = {"tensorboard": by_tensorboard, "protobuf": by_protobuf}[sys.argv[1]], pathlib.Path(sys.argv[2])
    try:
        scalars = reader(run)
    except ImportError as error:
        print(f"skipped: {error}")
        return 77
    compared = 0
    with open(run / "metrics.csv", newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            for name, text in row.items():
                if name in ("kind", "step", "epoch") or text == "" or not math.isfinite(float(text)):
                    continue
                found = scalars.get(f"{row['kind']}/{name}", {}).get(int(row["step"]))
                wanted = struct.unpack("<f", struct.pack("<f", float(text)))[0]
                if found != wanted:
                    print(f"FAILED: {row['kind']}/{name} at step {row['step']}: {found}, metrics.csv has {wanted}")
                    return 1
                compared += 1
    print(f"{compared} scalars of {len(scalars)} tags, read by {sys.argv[1]}, are those of metrics.csv")
    return 0 if compared > 20 else 1


if __name__ == "__main__":
    sys.exit(main())
