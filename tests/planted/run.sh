#!/usr/bin/env bash
# Plants each bug of this folder into a copy of the tree, and expects the tests to fail.
#
#   tests/planted/run.sh                     every patch, against the simulation's test
#   tests/planted/run.sh "cargo test" a.patch   these patches, against this command
#
# A patch that no longer applies, or no longer compiles, is a failure too: plant the bug anew.
set -euo pipefail
root="$(cd "$(dirname "$0")/../.." && pwd)"
command="${1:-cargo test -q -p headcount-sim --test simulation}"
shift $(( $# > 0 ? 1 : 0 ))
patches=("$@")
[ ${#patches[@]} -gt 0 ] || patches=("$root"/tests/planted/*.patch)
copy="$(mktemp -d)"
trap 'rm -rf "$copy"' EXIT
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$root/target/planted}"

(cd "$root" && git ls-files -z | xargs -0 tar cf -) | tar xf - -C "$copy"
cd "$copy"
caught=0
missed=()
for patch in "${patches[@]}"; do
    name="$(basename "$patch" .patch)"
    if ! patch -s -p1 < "$patch"; then
        echo "does not apply: $name"
        missed+=("$name")
        continue
    fi
    # Cargo looks at times, which a quick change and its undoing may leave equal.
    find core tests -name '*.rs' -newer "$copy/Cargo.toml" -exec touch {} +
    if ! cargo build -q -p headcount-core 2>/dev/null; then
        echo "does not compile: $name"
        missed+=("$name")
    elif $command > "$copy/output" 2>&1; then
        echo "NOT CAUGHT: $name"
        missed+=("$name")
    else
        echo "caught: $name: $(grep -m1 -E '^(seed [0-9]+:|test .* FAILED)' "$copy/output" | cut -c1-120)"
        caught=$((caught + 1))
    fi
    patch -s -R -p1 < "$patch"
    find . -name '*.orig' -delete
done
echo "$caught caught, ${#missed[@]} not"
[ ${#missed[@]} -eq 0 ]
