#!/usr/bin/env bash
# All figures of buffers and files in one run: buffer-figures.sh FILE [MiB [SECONDS [ROUNDS]]]
# Prints tables, and keeps them in results/buffers.txt and results/buffers.json. Some 15 minutes.
# Run where nothing else runs. Needs what read-rates.sh needs; FILE lies on the disk that is measured.
set -euo pipefail
cd "$(dirname "$0")"
if [ $# -lt 1 ]; then
  sed -n 2,4p "$0" | cut -c3-
  exit 2
fi
{
  "${JAVA25_HOME:+$JAVA25_HOME/bin/}java" -jar target/benchmarks.jar BufferBenchmark \
    -f 2 -wi 3 -w 1 -i 5 -r 1 -prof gc -rf json -rff results/buffers.json \
    -jvmArgs --enable-native-access=ALL-UNNAMED
  ./read-rates.sh "$@"
} | tee results/buffers.txt | grep --line-buffered -E '^(Benchmark|BufferBenchmark|\||FileCapabilities|fio |$)'
