"""Do two GeoPackages hold the same?   same_tables.py FILE FILE
Every table of one is in the other with the same rows in the same order. Bytes are not compared: gpkg_contents.last_change is when a file was written."""
import sqlite3
import sys


def tables(path):
    file = sqlite3.connect(path)
    assert file.execute("pragma integrity_check").fetchall() == [("ok",)], path
    plain = [(name, sql) for name, sql in file.execute("select name, sql from sqlite_master where type = 'table' order by name") if "VIRTUAL" not in sql.upper()]
    out = {}
    for name, sql in plain:
        rows = file.execute(f'select * from "{name}"')
        names = [column[0] for column in rows.description]
        out[name] = sql, [[v for n, v in zip(names, row) if n != "last_change"] for row in rows]
    return out


one, other = (tables(path) for path in sys.argv[1:])
assert list(one) == list(other), (list(one), list(other))
for name in one:
    assert one[name] == other[name], f"{name} differs"
rows = {name: len(one[name][1]) for name in one if not name.startswith(("gpkg_", "rtree_", "sqlite_"))}
assert all(rows.values()), rows
print(rows)
