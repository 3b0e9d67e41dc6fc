//! The simulated Twitch of the demonstration, and the bot that joins it.

use std::io;

use headcount_sim::twitch::{
    AccountPlan, TwitchAct, TwitchOptions, TwitchServer, TwitchServerConfig, Who,
};
use headcount_tokio::driver::core::Token;
use headcount_tokio::driver::core::manager::{Distributed, Options, Spread};
use headcount_tokio::driver::core::twitch::{Account, AccountLimits, Login, Rate, Room};
use headcount_tokio::{Chat, ChatBuilder};

use crate::tally::Crew;

const ACCOUNTS: [&str; 3] = ["ann_bot", "bob_bot", "cid_bot"];
const PLAIN_ROOMS: usize = 90;
/// Rooms in which the account is a moderator, which do not count for the limit of 100.
const MODERATED_ROOMS: usize = 10;

/// Milliseconds on the limits' clock between two messages in each room.
const CHATTER: u64 = 10_000;

/// How each account's rooms are spread.
const SPREAD: Spread = Spread {
    channels_per_shard: 25,
    max_shard_count: Some(4),
    initial_shard_count: 4,
};

/// A simulated Twitch whose limits' clock runs faster.
pub(crate) struct Demonstration {
    server: TwitchServer,
    speed: u32,
}

impl Demonstration {
    /// Starts it on a free port.
    pub(crate) async fn start(speed: u32, seed: u64) -> io::Result<Self> {
        let plan = |login: &&str| AccountPlan {
            moderates: moderated(login).collect(),
            ..AccountPlan::new(login, &secret(login))
        };
        let options = TwitchOptions {
            accounts: ACCOUNTS.iter().map(plan).collect(),
            strangers: false,
            chatter: Some(CHATTER),
            ..TwitchOptions::default()
        };
        let config = TwitchServerConfig {
            speed,
            ..TwitchServerConfig::default()
        };
        let server = TwitchServer::start(options, seed, config).await?;
        Ok(Self { server, speed })
    }

    pub(crate) fn about(&self) -> String {
        format!(
            "A simulated Twitch on loopback: 3 accounts, each with 90 rooms and 10 more in\n\
             which it is a moderator, on 4 shards of 25. Each account may join 20 rooms in\n\
             10 s; here the clock of the limits runs {} times faster. When two thirds of the\n\
             rooms are joined, the server cuts the fullest connection.",
            self.speed
        )
    }

    /// The bot: the accounts with their limits, each with its own manager.
    pub(crate) fn describe(&self) -> Result<(ChatBuilder, Vec<Crew>), String> {
        let mut builder = Chat::builder().url(self.server.ws_url());
        let mut crews = Vec::new();
        for login in ACCOUNTS {
            let rooms = room_names(login).map(|name| Room::new(&name).map_err(|e| e.to_string()));
            let rooms: Vec<Room> = rooms.collect::<Result<_, _>>()?;
            let named = Login::new(login).map_err(|e| e.to_string())?;
            let account = Account::new(named, Some(Token::new(&secret(login))))
                .moderating(rooms.iter().copied().skip(PLAIN_ROOMS))
                .with_limits(limits(self.speed));
            let account = builder.account(account);
            let make = |_: &Options| Distributed::new(SPREAD);
            let options = Options::default();
            let manager = builder.manager(account, options, rooms.iter().copied(), make);
            crews.push(Crew {
                manager: manager.map_err(|refusal| refusal.to_string())?,
                name: login.to_owned(),
                rooms: rooms.len(),
            });
        }
        Ok((builder, crews))
    }

    /// Cuts the connection with the most rooms, and returns how many those were.
    pub(crate) fn kill_busiest(&self) -> usize {
        let busiest = self.server.inspect(|twitch| {
            let connections = twitch.connections().map(|(id, _, rooms)| (rooms, id));
            connections.max()
        });
        let Some((rooms, id)) = busiest else {
            return 0;
        };
        self.server.act(TwitchAct::Cut(Who::Connection(id)));
        rooms
    }

    /// How often the server saw a budget broken.
    pub(crate) fn budget_violations(&self) -> usize {
        let violations = self.server.violations();
        violations
            .iter()
            .filter(|violation| violation.rule.is_budget())
            .count()
    }
}

/// An ordinary account's limits on the faster clock. The margin for lines that arrive closer
/// together than they were sent stays: the network is not faster.
fn limits(speed: u32) -> AccountLimits {
    let normal = AccountLimits::NORMAL;
    let faster = |rate: Rate| Rate {
        span: rate.span / speed,
        ..rate
    };
    AccountLimits {
        joins: faster(normal.joins),
        logins: faster(normal.logins),
        messages: faster(normal.messages),
        all_messages: faster(normal.all_messages),
        message_gap: normal.message_gap / speed,
        ..normal
    }
}

fn secret(login: &str) -> String {
    format!("demonstration-{login}")
}

fn room_names(login: &str) -> impl Iterator<Item = String> {
    let name = login.trim_end_matches("_bot").to_owned();
    let plain = (0..PLAIN_ROOMS).map({
        let name = name.clone();
        move |number| format!("{name}_room_{number}")
    });
    plain.chain(moderated(login))
}

fn moderated(login: &str) -> impl Iterator<Item = String> + use<> {
    let name = login.trim_end_matches("_bot").to_owned();
    (0..MODERATED_ROOMS).map(move |number| format!("{name}_friend_{number}"))
}
