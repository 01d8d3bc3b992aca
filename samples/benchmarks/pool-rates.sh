#!/usr/bin/env bash
# Pages per second of a buffer pool on a file, beside fio: pool-rates.sh FILE [MiB [SECONDS [ROUNDS [WHICH...]]]]
# Run where nothing else runs. Needs target/benchmarks.jar (mvn -pl samples/benchmarks -am package
# -DskipTests) and, for ratios, fio (Debian: apt install fio). Files are made if they are not there.
set -euo pipefail
cd "$(dirname "$0")"
if [ $# -lt 1 ]; then
  sed -n 2,4p "$0" | cut -c3-
  exit 2
fi
command -v fio >/dev/null || echo "fio is missing: its rows will be too"
exec "${JAVA25_HOME:+$JAVA25_HOME/bin/}java" --enable-native-access=ALL-UNNAMED \
  -cp target/benchmarks.jar dev.pinnedstore.benchmarks.PoolRates "$@"
