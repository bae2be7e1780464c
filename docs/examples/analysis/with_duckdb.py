"""Complaints and their satisfaction by month, from the files of a ledger, with DuckDB alone."""

import sys

import duckdb

ledger = sys.argv[1]
records = f"""
    SELECT * FROM read_csv(['{ledger}/exceptions.csv', '{ledger}/archive/20*.csv'],
                           all_varchar = true, union_by_name = true)
    WHERE coalesce(close_reason, '') NOT IN ('duplicate', 'invalid')
"""
rows = duckdb.sql(f"""
    SELECT strftime(received_at::TIMESTAMPTZ AT TIME ZONE 'Asia/Shanghai', '%Y-%m') AS month, count(*) AS complaints,
           round(avg(try_cast(satisfaction AS INT)), 2) AS stars
    FROM ({records}) WHERE type = 'complaint' GROUP BY ALL ORDER BY ALL
""").fetchall()
for month, complaints, stars in rows:
    print(month, complaints, stars)
