"""Complaints and their satisfaction by month, from the files of a ledger, with pandas alone."""

import sys
from pathlib import Path

import pandas as pd

ledger = Path(sys.argv[1])
files = [ledger / "exceptions.csv", *ledger.glob("archive/20*.csv")]
# Every cell as text: ids and order numbers are no numbers, and "NA" may be a region.
records = pd.concat(pd.read_csv(file, dtype=str, keep_default_na=False) for file in files)
records = records[~records["close_reason"].isin(["duplicate", "invalid"]) & (records["type"] == "complaint")]
received = pd.to_datetime(records["received_at"], utc=True).dt.tz_convert("Asia/Shanghai")
stars = pd.to_numeric(records["satisfaction"], errors="coerce")
table = pd.DataFrame({"month": received.dt.strftime("%Y-%m"), "stars": stars}).groupby("month")["stars"]
for month, (complaints, mean) in pd.DataFrame({"n": table.size(), "mean": table.mean()}).iterrows():
    print(month, int(complaints), round(mean, 2))
