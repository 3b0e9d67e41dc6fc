//! What a snapshot of many members costs, without a bot.
use headcount_tokio::driver::core::cache::memory::Completeness;
use headcount_tokio::driver::core::cache::memory::snapshot::SnapshotReader;
use headcount_tokio::driver::core::cache::{GuildStatus, MemoryStore, Mutation, Op};
use headcount_tokio::driver::core::id::GuildId;
use serde_json::{Value, json};
use std::fs::File;
use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

/// The members of a guild, and those that come at a time.
const GUILD: u64 = 10_000;
const PIECE: u64 = 1_000;
/// So much is written or read at a time.
const PART: usize = 1 << 20;

/// Writes so many members to a file, in guilds of 10,000, and reads them back: the longest hold in
/// wall time, and the reading in the thread's own where the system tells that.
pub(crate) fn measure(members: u64) -> io::Result<Value> {
    let store = filled(members)?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("snapshot");
    let longest = write(&store, &mut File::create(&path)?)?;
    let (began, spent) = (Instant::now(), spent());
    let back = read(&mut File::open(&path)?)?;
    let own = self::spent().zip(spent).map(|(now, then)| now - then);
    let restore = own.unwrap_or_else(|| began.elapsed());
    let bytes = std::fs::metadata(&path)?.len();
    Ok(json!({
        "members": restored(&back),
        "restore_seconds": restore.as_secs_f64(),
        "bytes_per_member": bytes as f64 / members.max(1) as f64,
        "longest_pause_ms": longest.as_secs_f64() * 1e3,
    }))
}

/// The processor's time that this thread has had, on Linux.
fn spent() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanos = text.split(' ').next()?.parse().ok()?;
    Some(Duration::from_nanos(nanos))
}

/// The members of the guilds that have all of theirs.
fn restored(store: &MemoryStore) -> u64 {
    let guilds = (1..).map_while(|id| store.completeness(GuildId::new(id)?));
    let whole = guilds.map(|guild| match guild {
        Completeness::Complete { members } => members,
        Completeness::Partial { .. } => 0,
    });
    whole.sum()
}

fn filled(members: u64) -> io::Result<MemoryStore> {
    let mut store = MemoryStore::new(1);
    for first in (0..members).step_by(GUILD as usize) {
        let guild = first / GUILD + 1;
        let available = Op::SetStatus(GuildStatus::Available);
        let id = GuildId::new(guild);
        store.apply(Mutation::new(id).with(available));
        let last = members.min(first + GUILD);
        for piece in (first..last).step_by(PIECE as usize) {
            let rows: Vec<Value> = (piece..last.min(piece + PIECE)).map(member).collect();
            let rows = json!({"rows": {"guild": guild.to_string(), "rows": {"members": rows}}});
            store.import(serde_json::from_value(rows)?);
        }
        store.apply(Mutation::new(id).with(Op::Complete));
    }
    Ok(store)
}

fn member(number: u64) -> Value {
    let id = (number + 1) << 22 | 1 << 62;
    json!({
        "user": {
            "id": id.to_string(),
            "username": format!("user{number}"),
            "global_name": format!("User {number}"),
            "avatar": format!("{:032x}", u128::from(id) * 0x9e37_79b9_7f4a_7c15),
        },
        "roles": [],
        "nick": null,
        "joined_at": 1_600_000_000_000_000_u64 + number,
        "pending": false,
        "mute": false,
        "deaf": false,
        "flags": 0,
    })
}

/// Writes it as a bot does; the longest time for which the store was held.
fn write(store: &MemoryStore, file: &mut File) -> io::Result<Duration> {
    let began = Instant::now();
    let mut writer = store.snapshot(0);
    let (mut longest, mut part, mut goes_on) = (began.elapsed(), Vec::new(), true);
    while goes_on {
        let began = Instant::now();
        goes_on = writer.copy(store);
        longest = longest.max(began.elapsed());
        writer.write(&mut part);
        if part.len() >= PART || !goes_on {
            file.write_all(&part)?;
            part.clear();
        }
    }
    file.sync_all()?;
    Ok(longest)
}

fn read(file: &mut File) -> io::Result<MemoryStore> {
    let mut reader = SnapshotReader::new(MemoryStore::new(2));
    let mut part = vec![0; PART];
    loop {
        let read = file.read(&mut part)?;
        if read == 0 {
            return reader
                .finish()
                .map(|(store, _)| store)
                .map_err(io::Error::other);
        }
        reader.push(&part[..read]).map_err(io::Error::other)?;
    }
}
