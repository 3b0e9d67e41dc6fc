//! The bot that joins rooms of the real Twitch.

use headcount_tokio::driver::core::manager::{Distributed, Options};
use headcount_tokio::driver::core::twitch::Account;
use headcount_tokio::{Chat, ChatBuilder};

use crate::arguments::Live;
use crate::tally::Crew;

/// One account with one manager: shards of 25 rooms, at most 5.
pub(crate) fn describe(live: &Live) -> Result<(ChatBuilder, Vec<Crew>), String> {
    let mut builder = Chat::builder();
    let (name, account) = match &live.account {
        Some((login, token)) => {
            let account = Account::new(*login, Some(token.clone()));
            (login.as_str().to_owned(), account)
        }
        None => ("anonymous".to_owned(), Account::anonymous()),
    };
    let account = builder.account(account);
    let make = |_: &Options| Distributed::default();
    let manager = builder
        .manager(
            account,
            Options::default(),
            live.rooms.iter().copied(),
            make,
        )
        .map_err(|refusal| refusal.to_string())?;
    let mut rooms = live.rooms.clone();
    rooms.sort_unstable();
    rooms.dedup();
    let crew = Crew {
        manager,
        name,
        rooms: rooms.len(),
    };
    Ok((builder, vec![crew]))
}
