#!/usr/bin/env bash
# Builds the fuzz targets for OSS-Fuzz, ClusterFuzz and ClusterFuzzLite, which set OUT, WORK,
# SANITIZER, FUZZING_ENGINE, ARCHITECTURE and RUSTFLAGS. `cargo xtask fuzz oss-check` runs
# this without their image and checks what comes out.
#
# The targets there are the ones that need nothing but themselves: compare_go has a Go child.
set -eu
cd "$(dirname "$0")"
cd "$(git rev-parse --show-toplevel 2>/dev/null || echo "$SRC/tracehound")"

: "${OUT:?where the targets go}" "${WORK:?scratch}" "${SANITIZER:?address or none}"
# rust-toolchain.toml pins a stable one; sanitizers need nightly.
[ "$SANITIZER" = none ] || export RUSTUP_TOOLCHAIN="${RUSTUP_TOOLCHAIN:-nightly}"

targets=$(cd fuzz/fuzz_targets && ls ./*.rs | sed 's|^\./||; s|\.rs$||' | grep -v '^compare_go$')
for target in $targets; do
  cargo fuzz build --release --sanitizer "$SANITIZER" --target-dir "$WORK/target" "$target"
done

# The seeds, out of their envelopes. xtask is a tool and not a target: no sanitizer.
env -u RUSTFLAGS -u CFLAGS -u CXXFLAGS -u RUSTUP_TOOLCHAIN cargo xtask corpus --unpack "$WORK/seeds"

for target in $targets; do
  cp "$WORK/target/$(rustc -vV | sed -n 's/^host: //p')/release/$target" "$OUT/"
  python3 -m zipfile -c "$OUT/${target}_seed_corpus.zip" "$WORK/seeds/$target"/*
  cp oss-fuzz/target.options "$OUT/$target.options"
  cp fuzz/trace.dict "$OUT/$target.dict"
done
