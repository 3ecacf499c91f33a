"""The tables of a store, and what tells a store from other files."""

from __future__ import annotations

APPLICATION = 0x68707377  # "hpsw", which `file` and SQLite's own tools can see
VERSION = 2

NAMES = ("sweep", "launches", "runs", "attempts", "transitions", "tracebacks", "results", "records",
         "reports", "settings")  # fmt: skip

TABLES = """
CREATE TABLE sweep (
    name TEXT NOT NULL, function TEXT NOT NULL, created REAL NOT NULL,
    direction TEXT NOT NULL, goal TEXT NOT NULL,  -- empty for a sweep without one
    repeat_key TEXT NOT NULL
);
CREATE TABLE launches (
    id INTEGER PRIMARY KEY, argv TEXT NOT NULL, words TEXT NOT NULL,  -- lists as JSON, masked
    started REAL NOT NULL, ended REAL, host TEXT NOT NULL, pid INTEGER NOT NULL,
    version TEXT NOT NULL, git_commit TEXT NOT NULL,
    diff BLOB NOT NULL, diff_digest TEXT NOT NULL,  -- compressed; empty where it is too large
    modules TEXT NOT NULL  -- digests by file, as JSON
);
CREATE TABLE runs (
    number INTEGER PRIMARY KEY, identity TEXT NOT NULL UNIQUE,
    cell TEXT NOT NULL,  -- JSON, see cells.py
    settings INTEGER NOT NULL,  -- what is set beside the cell, which many runs share
    repeat INTEGER, state TEXT NOT NULL, same_as INTEGER,
    attempt INTEGER NOT NULL,  -- the last one, 0 before the first
    summary TEXT  -- of the result, as JSON
);
CREATE TABLE settings (id INTEGER PRIMARY KEY, data TEXT NOT NULL UNIQUE);  -- as a cell
CREATE TABLE attempts (
    run INTEGER NOT NULL, attempt INTEGER NOT NULL, launch INTEGER NOT NULL,
    started REAL, ended REAL, host TEXT NOT NULL, pid INTEGER NOT NULL, log TEXT NOT NULL,
    ending TEXT, problem TEXT NOT NULL, unread TEXT,  -- a list as JSON
    read TEXT NOT NULL,  -- a digest of what was set and is not unread; empty where nobody knew
    PRIMARY KEY (run, attempt)
) WITHOUT ROWID;
CREATE TABLE transitions (
    run INTEGER NOT NULL, attempt INTEGER NOT NULL, launch INTEGER,
    state TEXT NOT NULL, time REAL NOT NULL
);
CREATE TABLE tracebacks (
    run INTEGER NOT NULL, attempt INTEGER NOT NULL, data BLOB NOT NULL,  -- compressed text
    PRIMARY KEY (run, attempt)
);
CREATE TABLE results (
    run INTEGER PRIMARY KEY, kind TEXT NOT NULL, data BLOB, file TEXT  -- one of the two
);
CREATE TABLE records (
    run INTEGER NOT NULL, attempt INTEGER NOT NULL, data BLOB NOT NULL,  -- compressed text
    PRIMARY KEY (run, attempt)
);
CREATE TABLE reports (
    run INTEGER NOT NULL, attempt INTEGER NOT NULL, step INTEGER, value REAL  -- NULL is NaN
);
CREATE INDEX reports_of_runs ON reports (run, attempt);
"""
