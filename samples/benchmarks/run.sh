#!/usr/bin/env bash
# The store beside its peers and its ceiling, in one run: run.sh [--quick]
# At most 20 minutes, with --quick 2; run where nothing else runs. Writes results/DATE/ with JSON and
# index.html, and without --quick the tables of the project's README. To write page and tables anew:
# run.sh --report results/DATE
# Builds target/benchmarks.jar if it is not there; JAVA25_HOME names a JDK 25 where java is another.
set -euo pipefail
cd "$(dirname "$0")"
if [ ! -f target/benchmarks.jar ]; then
  (cd ../.. && mvn -q -B -pl samples/benchmarks -am package -DskipTests -Dmaven.test.skip)
fi
exec "${JAVA25_HOME:+$JAVA25_HOME/bin/}java" \
  -cp target/benchmarks.jar dev.pinnedstore.benchmarks.run.Bench "$@"
