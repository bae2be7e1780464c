"""Complaints and their satisfaction by month, from the files of one ledger or of many, with Spark alone."""

import sys
from glob import glob

from pyspark.sql import SparkSession
from pyspark.sql import functions as f

ledgers = sys.argv[1:]
spark = SparkSession.builder.config("spark.sql.session.timeZone", "Asia/Shanghai").getOrCreate()
files = [
    file for ledger in ledgers for name in ("exceptions.csv", "archive/20*.csv") for file in glob(f"{ledger}/{name}")
]
parts = [spark.read.csv(file, header=True, quote='"', escape='"', encoding="UTF-8") for file in files]
records = parts[0]
for part in parts[1:]:
    records = records.unionByName(part, allowMissingColumns=True)
counted = records.where("type = 'complaint' AND coalesce(close_reason, '') NOT IN ('duplicate', 'invalid')")
month = f.date_format(f.to_timestamp("received_at"), "yyyy-MM").alias("month")
stars = f.round(f.avg(f.col("satisfaction").cast("int")), 2).alias("stars")
for row in counted.groupBy(month).agg(f.count("*").alias("complaints"), stars).orderBy("month").collect():
    print(row.month, row.complaints, row.stars)
