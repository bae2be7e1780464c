"""Complaints and their satisfaction by month, from the files of a ledger, with DuckDB alone."""

import sys
from glob import glob

import duckdb

ledger = sys.argv[1]
files = [f"{ledger}/exceptions.csv", *glob(f"{ledger}/archive/20*.csv")]  # a young ledger has no archives
records = duckdb.read_csv(files, all_varchar=True, union_by_name=True)
rows = duckdb.sql("""
    SELECT strftime(received_at::TIMESTAMPTZ AT TIME ZONE 'Asia/Shanghai', '%Y-%m') AS month, count(*) AS complaints,
           round(avg(try_cast(satisfaction AS INT)), 2) AS stars
    FROM records WHERE type = 'complaint' AND coalesce(close_reason, '') NOT IN ('duplicate', 'invalid')
    GROUP BY ALL ORDER BY ALL
""").fetchall()
for month, complaints, stars in rows:
    print(month, complaints, stars)
