//! What rows in Redis cost: a million members beside a key for each, written by one task; bytes of
//! Redis a member with its user; reading one; and what a call of the coordinator costs Redis.
//!
//! ```console
//! $ cargo run --release -p headcount-redis --example rows -- --json
//! ```
#![allow(clippy::print_stdout, reason = "a program that reports")]

#[path = "../server/mod.rs"]
mod server;

use std::error::Error;
use std::time::{Duration, Instant};

use headcount_core::cache::{AsyncStore, Deriver, Kinds, Mutation};
use headcount_core::fleet::lease::{Expected, LeaseKey, ProcessId, Swap, Swapped};
use headcount_core::id::{GuildId, UserId};
use headcount_core::wire::Name;
use headcount_core::{Position, ShardId};
use headcount_redis::{Coordinator, RowReader, RowStore};
use headcount_sim::world::guild::Guild;
use headcount_sim::{Plan, World};
use redis::aio::MultiplexedConnection;
use serde_json::{Value, json};
use server::Server;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// So many members come in a chunk.
const CHUNK: usize = 1_000;

/// The world's guilds have no more members.
const GUILD: u32 = 500_000;

/// So many rows are read one by one, and so many calls of the coordinator are made.
const CALLS: usize = 20_000;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Outcome<()> {
    let (mut members, mut is_json) = (1_000_000, false);
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            lexopt::Arg::Long("members") => {
                members = arguments.value()?.to_string_lossy().parse()?;
            }
            lexopt::Arg::Long("json") => is_json = true,
            other => return Err(other.unexpected().into()),
        }
    }
    let figures = measure(members).await?;
    match is_json {
        true => println!("{figures}"),
        false => println!("{figures:#}"),
    }
    Ok(())
}

async fn measure(members: u32) -> Outcome<Value> {
    let sizes = (0..members).step_by(GUILD as usize);
    let sizes = sizes.map(|before| (members - before).min(GUILD));
    let world = World::new(&Plan::sizes(sizes), 7);
    let members: usize = world.guilds().map(Guild::len).sum();
    let naive = write_naively(&world).await?;
    let server = Server::start(&[])?;
    let store = RowStore::open(&server.address()).await?;
    let before = used_memory(&server)?;
    let (took, trips) = write_rows(&world, &store).await?;
    let bytes = used_memory(&server)? - before;
    let reads = read_members(&world, &server).await?;
    let reads = |share: usize| {
        reads
            .get(reads.len() * share / 100)
            .map(Duration::as_micros)
    };
    let per_member = |bytes: u64| bytes / members.max(1) as u64;
    Ok(json!({
        "members": members,
        "rows_seconds": took.as_secs_f64(),
        "rows_round_trips": trips,
        "rows_bytes_a_member": per_member(bytes),
        "keys_seconds": naive.one_by_one.as_secs_f64(),
        "keys_pipelined_seconds": naive.pipelined.as_secs_f64(),
        "keys_bytes_a_member": per_member(naive.bytes),
        "times_faster_than_keys": naive.one_by_one.as_secs_f64() / took.as_secs_f64(),
        "read_microseconds_p50": reads(50),
        "read_microseconds_p99": reads(99),
        "redis_cpu_microseconds_a_coordinator_call": coordinate().await?.as_nanos() as f64 / 1e3,
    }))
}

struct Naive {
    one_by_one: Duration,
    pipelined: Duration,
    bytes: u64,
}

/// A key for each member, with the member's JSON: one after the other, and a thousand at a time.
async fn write_naively(world: &World) -> Outcome<Naive> {
    let server = Server::start(&[])?;
    let client = redis::Client::open(server.address())?;
    let mut connection = client.get_multiplexed_async_connection().await?;
    let before = used_memory(&server)?;
    let one_by_one = write_keys(world, &mut connection, 1).await?;
    let bytes = used_memory(&server)? - before;
    let mut flush = redis::cmd("FLUSHALL");
    let () = flush.arg("ASYNC").query_async(&mut connection).await?;
    let pipelined = write_keys(world, &mut connection, CHUNK).await?;
    Ok(Naive {
        one_by_one,
        pipelined,
        bytes,
    })
}

async fn write_keys(
    world: &World,
    connection: &mut MultiplexedConnection,
    at_once: usize,
) -> Outcome<Duration> {
    let mut took = Duration::ZERO;
    for guild in world.guilds() {
        let users: Vec<u64> = guild.member_ids().collect();
        for chunk in users.chunks(CHUNK) {
            let rows = chunk
                .iter()
                .map(|&user| (user, json(world, guild.id(), user)));
            let rows: Vec<(u64, String)> = rows.collect();
            let begun = Instant::now();
            for some in rows.chunks(at_once) {
                let mut commands = redis::pipe();
                for (user, row) in some {
                    let key = format!("member:{}:{user}", guild.id());
                    commands.cmd("SET").arg(key).arg(row).ignore();
                }
                let () = commands.query_async(connection).await?;
            }
            took += begun.elapsed();
        }
    }
    Ok(took)
}

fn json(world: &World, guild: u64, user: u64) -> String {
    world.member_json(guild, user).unwrap_or_default()
}

/// How long the store took for all members in chunks, and in how many round trips.
async fn write_rows(world: &World, store: &RowStore) -> Outcome<(Duration, u64)> {
    let mut deriver = Deriver::new(ShardId::ONE, Kinds::MEMBERS).sweep_after_chunk(true);
    let (mut took, mut sequence) = (Duration::ZERO, 0);
    let before = store.traffic().round_trips;
    for guild in world.guilds() {
        let (id, count) = (guild.id().to_string(), guild.len());
        let create = json!({"id": id, "name": "guild", "member_count": count, "members": []});
        let mut due = vec![("GUILD_CREATE", create.to_string())];
        let users: Vec<u64> = guild.member_ids().collect();
        for (at, chunk) in users.chunks(CHUNK).enumerate() {
            let rows = chunk.iter().map(|&user| json(world, guild.id(), user));
            let rows = rows.collect::<Vec<_>>().join(",");
            let chunks = users.len().div_ceil(CHUNK);
            let head = format!("\"guild_id\":\"{id}\",\"chunk_index\":{at},");
            let head = format!("{head}\"chunk_count\":{chunks},\"nonce\":\"x\"");
            due.push((
                "GUILD_MEMBERS_CHUNK",
                format!("{{{head},\"members\":[{rows}]}}"),
            ));
            for (name, text) in due.drain(..) {
                sequence += 1;
                let is_last = at + 1 == chunks && name == "GUILD_MEMBERS_CHUNK";
                let mutation = derive(&mut deriver, name, &text, is_last, sequence)?;
                let begun = Instant::now();
                store.apply(&mutation).await?;
                took += begun.elapsed();
            }
        }
    }
    Ok((took, store.traffic().round_trips - before))
}

fn derive(
    deriver: &mut Deriver,
    name: &str,
    text: &str,
    is_last: bool,
    sequence: u64,
) -> Outcome<Mutation<'static>> {
    let view = deriver.decode(Name::from_wire(name), text)?;
    let mutation = deriver.derive(view.ok_or("nothing in it")?);
    let mutation = match is_last {
        true => deriver.complete(mutation),
        false => mutation,
    };
    Ok(mutation.into_owned().at(Position {
        shard: ShardId::ONE,
        session: 1,
        sequence,
    }))
}

/// How long each of some reads took, in ascending order.
async fn read_members(world: &World, server: &Server) -> Outcome<Vec<Duration>> {
    let reader = RowReader::open(&server.address()).await?;
    let mut took = Vec::new();
    for guild in world.guilds() {
        let id = GuildId::new(guild.id()).ok_or("no id")?;
        for user in guild.member_ids().take(CALLS) {
            let user = UserId::new(user).ok_or("no id")?;
            let begun = Instant::now();
            let found = reader.members(id, &[user]).await?;
            took.push(begun.elapsed());
            if found.len() != 1 {
                return Err("a member is missing".into());
            }
        }
    }
    took.sort_unstable();
    Ok(took)
}

/// The time of Redis that a call of the coordinator takes: a renewal as a running shard sends it,
/// with a record of some hundred bytes.
async fn coordinate() -> Outcome<Duration> {
    let server = Server::start(&[])?;
    let coordinator = Coordinator::open(&server.address()).await?;
    let mut swap = Swap {
        ticket: 0,
        key: LeaseKey::Shard(ShardId::ONE),
        expected: Expected::Nothing,
        holder: ProcessId::new(7),
        floor: 0,
        lease: Duration::from_secs(10),
        value: Some(vec![b'x'; 400].into()),
        with_value: false,
    };
    let before = used_cpu(&server)?;
    for ticket in 1..=CALLS as u64 {
        swap.ticket = ticket;
        let Swapped::Done(entry) = coordinator.swap(&swap).await? else {
            return Err("a swap was refused".into());
        };
        swap.expected = Expected::Written(entry.epoch);
    }
    Ok((used_cpu(&server)? - before) / CALLS as u32)
}

fn used_memory(server: &Server) -> Outcome<u64> {
    number(server, "memory", "used_memory")?
        .parse()
        .map_err(Into::into)
}

fn used_cpu(server: &Server) -> Outcome<Duration> {
    let mut all = Duration::ZERO;
    for name in ["used_cpu_user", "used_cpu_sys"] {
        all += Duration::from_secs_f64(number(server, "cpu", name)?.parse()?);
    }
    Ok(all)
}

fn number(server: &Server, section: &str, name: &str) -> Outcome<String> {
    let info: String = server.ask(&["INFO", section])?;
    let mut lines = info.lines().filter_map(|line| line.split_once(':'));
    let found = lines.find(|(it, _)| *it == name);
    found
        .map(|(_, value)| value.to_owned())
        .ok_or_else(|| name.to_owned().into())
}
