#!/usr/bin/env bash
# Reads per second of a file past the page cache, beside fio: read-rates.sh FILE [MiB [SECONDS [ROUNDS]]]
# Run where nothing else runs. Needs target/benchmarks.jar (mvn -pl samples/benchmarks -am package
# -DskipTests) and, for ratios, fio (Debian: apt install fio). The file is made if it is not there.
set -euo pipefail
cd "$(dirname "$0")"
if [ $# -lt 1 ]; then
  sed -n 2,4p "$0" | cut -c3-
  exit 2
fi
command -v fio >/dev/null || echo "fio is missing: its rows and all ratios will be too"
exec "${JAVA25_HOME:+$JAVA25_HOME/bin/}java" --enable-native-access=ALL-UNNAMED \
  -cp target/benchmarks.jar dev.pinnedstore.benchmarks.ReadRates "$@"
