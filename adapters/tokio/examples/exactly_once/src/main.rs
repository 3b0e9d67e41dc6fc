//! Counts the messages of each channel in a database, each exactly once, whatever ends the process.
//!
//! An event comes again if the process is killed before it is acknowledged. Its position tells it
//! from all others; stored in the same transaction as the count, it makes that count once.

use std::error::Error;

use headcount_tokio::driver::core::Position;
use headcount_tokio::driver::core::id::ChannelId;
use headcount_tokio::driver::core::wire::view::{EntityEvent, View};
use headcount_tokio::{Bot, Intents, OnStop};
use rusqlite::{Connection, params};
use tokio::signal::ctrl_c;

/// An event comes again at most so many dispatches later.
const REMEMBERED: i64 = 100_000;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let token = std::env::var("DISCORD_TOKEN").map_err(|_| "set DISCORD_TOKEN")?;
    let mut counts = Counts::new(Connection::open("messages.db")?)?;
    let bot = Bot::builder(&token, Intents::GUILDS | Intents::GUILD_MESSAGES).state("bot.state");
    let mut bot = bot.connect().await?;
    let handle = bot.handle();
    tokio::spawn(async move { ctrl_c().await.map(|()| handle.stop(OnStop::Resume)) });
    while let Some(event) = bot.next().await {
        let view = event.event.dispatch().map(|dispatch| dispatch.view());
        if let Some(Ok(Some(View::Entity(EntityEvent::MessageCreate(message))))) = view
            && let Some(at) = event.position
        {
            counts.count(at, message.head.channel)?;
        }
    }
    bot.outcome()?;
    bot.shutdown(OnStop::Resume).await?;
    Ok(())
}

/// The messages of each channel.
struct Counts(Connection);

impl Counts {
    fn new(database: Connection) -> rusqlite::Result<Self> {
        database.execute_batch(
            "CREATE TABLE IF NOT EXISTS seen (shard INTEGER, session INTEGER, sequence INTEGER,
                 PRIMARY KEY (shard, session, sequence)) WITHOUT ROWID;
             CREATE TABLE IF NOT EXISTS messages (channel INTEGER PRIMARY KEY, count INTEGER);",
        )?;
        Ok(Self(database))
    }

    /// Counts a message, unless the one at this position is counted.
    fn count(&mut self, at: Position, channel: ChannelId) -> rusqlite::Result<()> {
        // SQLite's integers have a sign; what counts is that no two become one.
        let shard = i64::from(at.shard.number());
        let (session, sequence) = (at.session.cast_signed(), at.sequence.cast_signed());
        let transaction = self.0.transaction()?;
        let new = transaction.execute(
            "INSERT OR IGNORE INTO seen VALUES (?1, ?2, ?3)",
            params![shard, session, sequence],
        )?;
        if new == 1 {
            transaction.execute(
                "INSERT INTO messages VALUES (?1, 1) ON CONFLICT DO UPDATE SET count = count + 1",
                params![channel.get().cast_signed()],
            )?;
            transaction.execute(
                "DELETE FROM seen WHERE shard = ?1 AND (session <> ?2 OR sequence < ?3)",
                params![shard, session, sequence - REMEMBERED],
            )?;
        }
        transaction.commit()
    }
}

#[cfg(test)]
mod tests {
    use headcount_tokio::driver::core::ShardId;

    use super::*;

    #[test]
    fn a_message_that_comes_again_counts_once() {
        let mut counts = Counts::new(Connection::open_in_memory().unwrap()).unwrap();
        let at = |sequence| Position {
            shard: ShardId::ONE,
            session: u64::MAX,
            sequence,
        };
        let channel = ChannelId::new(7).unwrap();
        for sequence in [4, 5, 4, 5, 6] {
            counts.count(at(sequence), channel).unwrap();
        }
        let query = "SELECT count FROM messages WHERE channel = 7";
        let count: u32 = counts.0.query_row(query, [], |row| row.get(0)).unwrap();
        assert_eq!(count, 3);
    }
}
