"""The yardstick of figures: what a person who knows DuckDB would write to get those that plain `stats` shows.

python benchmarks/duckdb_select.py FILE.csv...
"""

import sys
from pathlib import Path

import duckdb

FIGURES = """
SELECT count(*), count(*) FILTER (status <> 'closed'),
       count(*) FILTER (status IN ('new', 'in_progress', 'on_hold')
                        AND due < CASE WHEN status = 'on_hold' THEN coalesce(held, now()) ELSE now() END),
       count(resolved), median(hours), quantile_disc(hours, 0.9), avg(hours), count(points), avg(points)
FROM (
    SELECT status, due, held, resolved, points,
           (epoch(resolved) - epoch(received)) / 3600 - coalesce(minutes, 0) / 60 AS hours
    FROM (
        SELECT status, CAST(nullif(due_at, '') AS TIMESTAMPTZ) AS due,
               CAST(nullif(hold_since, '') AS TIMESTAMPTZ) AS held,
               CAST(nullif(resolved_at, '') AS TIMESTAMPTZ) AS resolved, CAST(received_at AS TIMESTAMPTZ) AS received,
               CAST(nullif(hold_minutes, '') AS BIGINT) AS minutes,
               CASE WHEN status = 'closed' THEN CAST(nullif(satisfaction, '') AS BIGINT) END AS points
        FROM read_csv($files, header = true, nullstr = '-', auto_detect = false, columns = {columns})
        WHERE close_reason NOT IN ('duplicate', 'invalid')
    )
)
"""


def main(files: list[str]) -> None:
    """Print the figures of some files that have one header."""
    with Path(files[0]).open(encoding="utf-8") as lines:
        names = lines.readline().rstrip("\n").split(",")
    columns = "{" + ", ".join(f"'{name}': 'VARCHAR'" for name in names) + "}"
    query = FIGURES.replace("{columns}", columns).replace("$files", str(files))
    print(duckdb.connect().execute(query).fetchall())


if __name__ == "__main__":
    main(sys.argv[1:])
