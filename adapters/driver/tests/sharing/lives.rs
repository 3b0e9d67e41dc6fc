//! A shard that goes from one killed process to the next, from seeds: whatever becomes of its
//! snapshots, rows are what the service says, or are not called whole.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use headcount_driver::Bot;
use headcount_driver::core::cache::memory::Completeness;
use headcount_driver::core::cache::{SnapshotId, WholeSnapshot};
use headcount_driver::core::id::GuildId;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until, timeout};

use crate::memory::{Gateway, Listener};
use crate::process::Process;
use crate::rows::member;
use crate::shelf::{Puts, Shelf};
use crate::snapshots::builder;
use crate::table::Table;
use crate::{SECOND, beside, resumed};

const SEEDS: u64 = 12;

/// So many processes run the shard, one after the other.
const LIVES: u64 = 8;

/// A small generator, from a seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % sides
    }
}

/// The service: one session with one guild.
#[derive(Default)]
struct Session {
    members: BTreeSet<u64>,
    sequence: u64,
    /// What it replays.
    log: BTreeMap<u64, Value>,
    /// What it may have forgotten, by heartbeats.
    forgotten: u64,
    /// How often it was asked for all members.
    asked: u64,
}

impl Session {
    async fn dispatch(&mut self, gateway: &mut Gateway, name: &str, data: Value) {
        self.sequence += 1;
        let payload = json!({"op": 0, "s": self.sequence, "t": name, "d": data});
        self.log.insert(self.sequence, payload.clone());
        gateway.send(payload).await;
    }

    /// A session begins, or goes on.
    async fn enter(&mut self, bot: &mut Bot<Process>, listener: &mut Listener) -> Gateway {
        if self.sequence == 0 {
            let mut gateway = beside(bot, listener.accept()).await;
            gateway.hello(20 * SECOND).await;
            beside(bot, gateway.expect(2)).await;
            self.begin(&mut gateway).await;
            return gateway;
        }
        let (mut gateway, from) = resumed(bot, listener).await;
        assert!(from >= self.forgotten, "{from} is forgotten");
        self.sequence += 1;
        beside(bot, self.replay(&mut gateway, from)).await;
        gateway
    }

    /// What came after that, and that this is all.
    async fn replay(&self, gateway: &mut Gateway, from: u64) {
        for payload in self.log.range(from + 1..).map(|(_, payload)| payload) {
            gateway.send(payload.clone()).await;
        }
        let resumed = json!({"op": 0, "s": self.sequence, "t": "RESUMED", "d": {}});
        gateway.send(resumed).await;
    }

    async fn begin(&mut self, gateway: &mut Gateway) {
        let ready = json!({"v": 10, "user": {"id": "1", "username": "bot", "bot": true},
            "guilds": [{"id": "1", "unavailable": true}], "session_id": "shared",
            "resume_gateway_url": "ws://127.0.0.1:1", "application": {"id": "1", "flags": 0}});
        self.dispatch(gateway, "READY", ready).await;
        self.members.extend([5, 6]);
        let create = json!({"id": "1", "name": "room", "member_count": 2, "large": false,
            "members": [member("5"), member("6")], "roles": [], "channels": []});
        self.dispatch(gateway, "GUILD_CREATE", create).await;
    }

    /// Somebody comes, or goes.
    async fn moves(&mut self, gateway: &mut Gateway, user: u64) {
        let mut data = member(&user.to_string());
        data["guild_id"] = "1".into();
        let name = match self.members.remove(&user) {
            true => "GUILD_MEMBER_REMOVE",
            false => {
                self.members.insert(user);
                "GUILD_MEMBER_ADD"
            }
        };
        self.dispatch(gateway, name, data).await;
    }

    /// Answers what comes until then.
    async fn answer(&mut self, gateway: &mut Gateway, until: Instant) {
        loop {
            let payload = tokio::select! {
                payload = gateway.any() => payload,
                () = sleep_until(until) => return,
            };
            match payload["op"].as_u64() {
                Some(1) => {
                    self.forgotten = payload["d"].as_u64().unwrap_or(0).max(self.forgotten);
                    gateway.send(json!({"op": 11})).await;
                }
                Some(8) => {
                    self.asked += 1;
                    let members = self.members.iter().map(|user| member(&user.to_string()));
                    let chunk = json!({"guild_id": "1", "members": members.collect::<Vec<_>>(),
                        "nonce": payload["d"]["nonce"], "chunk_index": 0, "chunk_count": 1});
                    self.dispatch(gateway, "GUILD_MEMBERS_CHUNK", chunk).await;
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

/// What a store had at some time.
type Shelved = (Option<WholeSnapshot>, BTreeMap<(SnapshotId, u32), Vec<u8>>);

fn kept(shelf: &Shelf) -> Shelved {
    let shelved = shelf.lock();
    (shelved.last, shelved.pieces.clone())
}

/// Something befalls the snapshots between two processes.
fn befall(shelf: &Shelf, before: Shelved, dice: &mut Dice) {
    let mut shelved = shelf.lock();
    shelved.puts = Puts::Kept;
    let cut = dice.roll(200) as usize;
    match dice.roll(5) {
        0 => (shelved.last, shelved.pieces) = before,
        1 => shelved
            .pieces
            .values_mut()
            .for_each(|piece| piece.truncate(cut)),
        2 => shelved.pieces.clear(),
        _ => {}
    }
}

/// What a bot has of the guild, if it says that it has all: the ids of the members.
fn whole(bot: &Bot<Process>) -> Option<BTreeSet<u64>> {
    let guild = GuildId::new(1).expect("not zero");
    bot.handle().cache(|cache| match cache.completeness(guild) {
        Some(Completeness::Complete { .. }) => {
            let members = cache.members(guild);
            Some(members.map(|member| member.id().get()).collect())
        }
        _ => None,
    })
}

/// One process, until it is killed. Whether it went on from a snapshot.
async fn live(table: &Table, shelf: &Shelf, session: &mut Session, dice: &mut Dice) -> bool {
    let (process, mut listener) = Process::new();
    let builder = builder(table, &process, shelf);
    let mut bot = builder.connect().await.expect("started");
    let before = kept(shelf);
    let mut gateway = session.enter(&mut bot, &mut listener).await;
    let until = Instant::now() + 2 * SECOND;
    beside(&mut bot, session.answer(&mut gateway, until)).await;
    let has = whole(&bot);
    assert!(has.is_none_or(|has| has == session.members), "called whole");
    let until = Instant::now() + 70 * SECOND;
    beside(&mut bot, session.answer(&mut gateway, until)).await;
    assert_eq!(whole(&bot).as_ref(), Some(&session.members));
    for _ in 0..dice.roll(30) {
        if dice.roll(8) == 0 {
            let puts = [Puts::Kept, Puts::Refused, Puts::Unanswered];
            shelf.lock().puts = puts[dice.roll(3) as usize];
        }
        session.moves(&mut gateway, 5 + dice.roll(9)).await;
        let until = Instant::now() + dice.roll(4_000) as u32 * SECOND / 1_000;
        let answered = session.answer(&mut gateway, until);
        beside(&mut bot, answered).await;
    }
    let used = bot.handle().metrics().snapshots.used;
    process.kill();
    befall(shelf, before, dice);
    used > 0
}

#[tokio::test(start_paused = true)]
async fn whatever_becomes_of_snapshots_and_their_owners_rows_equal_what_the_service_says() {
    let (mut used, mut asked) = (0, 0);
    for seed in 1..=SEEDS {
        let (table, shelf) = (Table::default(), Shelf::default());
        let (mut session, mut dice) = (Session::default(), Dice(seed));
        for number in 0..LIVES {
            let life = live(&table, &shelf, &mut session, &mut dice);
            let life = timeout(600 * SECOND, AssertUnwindSafe(life).catch_unwind()).await;
            match life {
                Ok(Ok(goes_on)) => used += u64::from(goes_on),
                failed => panic!("seed {seed}, process {number}: {:?}", failed.is_ok()),
            }
        }
        asked += session.asked;
    }
    assert!(used > SEEDS * LIVES / 3, "{used} went on from a snapshot");
    assert!(asked > SEEDS, "{asked} asked for members");
}
