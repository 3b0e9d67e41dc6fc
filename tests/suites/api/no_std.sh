#!/usr/bin/env bash
# Proves that the core needs no std: a static library that brings its own panic handler and
# allocator is built over it. If anything links std, there are two panic handlers (E0152).
set -euo pipefail
core=$(cd "$(dirname "$0")/../../../core" && pwd)
lock=$(cd "$core/.." && pwd)/Cargo.lock
proof=$(mktemp -d)
trap 'rm -rf "$proof"' EXIT
mkdir "$proof/src"
cp "$lock" "$proof/Cargo.lock"
cat > "$proof/Cargo.toml" <<TOML
[package]
name = "no-std-proof"
version = "0.0.0"
edition = "2024"
[lib]
crate-type = ["staticlib"]
[dependencies]
headcount-core = { path = "$core", default-features = false }
[profile.dev]
panic = "abort"
[workspace]
TOML
cat > "$proof/src/lib.rs" <<'RUST'
#![no_std]
use core::alloc::{GlobalAlloc, Layout};
use headcount_core::{Config, Input, Instant, Intents, Shard, ShardId, Token};

struct Nothing;
unsafe impl GlobalAlloc for Nothing {
    unsafe fn alloc(&self, _: Layout) -> *mut u8 { core::ptr::null_mut() }
    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}
#[global_allocator]
static NOTHING: Nothing = Nothing;

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! { loop {} }

#[unsafe(no_mangle)]
pub extern "C" fn drive(millis: u64) -> usize {
    let config = Config::new(Token::new(""), Intents::GUILDS, ShardId::ONE);
    let mut shard = Shard::new(config, millis);
    shard.handle(Instant::from_millis(millis), Input::Timeout).len()
}
RUST
cargo build --quiet --manifest-path "$proof/Cargo.toml"
echo "the core builds without std"
