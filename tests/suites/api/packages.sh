#!/usr/bin/env bash
# What the packages in a folder hold: a readme and both licences, and no tests. The core is by far the
# largest, and has to stay below a megabyte. Unpacked beside each other, they compile.
set -euo pipefail
root=$(cd "$(dirname "$0")/../../.." && pwd)

most=1000000
found=0
for package in "$1"/headcount-*.crate; do
  name=$(basename "$package" .crate)
  files=$(tar -tzf "$package")
  readme=$(tar -xzOf "$package" "$name/Cargo.toml" | sed -n 's/^readme = "\(.*\)"$/\1/p')
  for file in LICENSE-APACHE LICENSE-MIT "${readme:?$name names no readme}"; do
    grep -qxF "$name/$file" <<<"$files" || { echo "$name has no $file" >&2; exit 1; }
  done
  if grep -q "^$name/tests/" <<<"$files"; then
    echo "$name has tests in it" >&2
    exit 1
  fi
  bytes=$(stat -c %s "$package")
  if ((bytes > most)); then
    echo "$name has $bytes bytes, more than $most" >&2
    exit 1
  fi
  printf '%s: %s files, %s bytes\n' "$name" "$(wc -l <<<"$files")" "$bytes"
  found=$((found + 1))
done
((found == 8)) || { echo "$found packages in $1, not 8" >&2; exit 1; }

unpacked="$1/unpacked"
mkdir "$unpacked"
cp "$root/Cargo.lock" "$unpacked/Cargo.lock"
{
  # The workspace's own profile: what is checked of other crates there serves here too.
  printf '[profile.dev]\nopt-level = 1\ndebug = "line-tables-only"\n'
  printf '[workspace]\nresolver = "3"\nmembers = ["headcount-*"]\n[patch.crates-io]\n'
  for package in "$1"/headcount-*.crate; do
    name=$(basename "$package" .crate)
    tar -xzf "$package" -C "$unpacked"
    printf '%s = { path = "%s" }\n' "${name%-[0-9]*}" "$name"
  done
} > "$unpacked/Cargo.toml"
cargo check --workspace --lib --manifest-path "$unpacked/Cargo.toml" \
  --target-dir "${CARGO_TARGET_DIR:-$root/target}"
