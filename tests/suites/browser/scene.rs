//! A bot at a simulated gateway, with its status page, on threads of their own.

use std::time::Duration;

use headcount_board::{Board, BoardServer};
use headcount_sim::server::{Server, ServerConfig};
use headcount_sim::{Limits, Options, Plan, Token};
use headcount_tokio::driver::core::chunk::RequestConfig;
use headcount_tokio::driver::core::setup::AutoChunk;
use headcount_tokio::{Api, Bot, Builder, Handle, Intents, Tokio};
use tokio::runtime::Runtime;

use crate::chromium::Screen;

const TOKEN: &str = "s3cr3t-of-the-scene";

pub(crate) const DESK: Screen = Screen {
    width: 1_180,
    height: 1_000,
    theme: "light",
};

/// All that a test looks at.
pub(crate) struct Scene {
    pub(crate) server: Server,
    pub(crate) handle: Handle,
    pub(crate) board: BoardServer,
    _threads: Runtime,
}

/// A gateway with this world.
pub(crate) fn options(world: Plan, shards: u32) -> Options {
    Options {
        world,
        token: Token::new(TOKEN),
        shards,
        max_concurrency: shards,
        limits: Limits {
            identify_spacing: 100,
            // A bot leaves the last few of a day alone.
            identify_total: 2 * shards.max(500),
            request_gate: 100,
            ..Limits::default()
        },
        ..Options::default()
    }
}

impl Scene {
    /// Starts the gateway, the bot, whose events are taken as they come, and the page.
    pub(crate) fn start(options: Options, change: impl FnOnce(Builder) -> Builder) -> Self {
        let threads = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(4)
            .enable_all()
            .build()
            .expect("threads");
        let (server, handle, board) = threads.block_on(async {
            let server = Server::start(options, 1, ServerConfig::default()).await;
            let server = server.expect("ports");
            let intents = Intents::GUILDS | Intents::GUILD_MEMBERS;
            let bot = Bot::builder(TOKEN, intents)
                .api(Api::at(server.http_url()))
                .chunking(AutoChunk::Missing)
                .configure(|config| {
                    config.timing.first_backoff = Duration::from_secs(2);
                    config.tracker.requests = RequestConfig {
                        gate: Duration::from_millis(150),
                        silence: Duration::from_secs(2),
                        ..RequestConfig::default()
                    };
                })
                .fleet_config(|fleet| fleet.spacing = Duration::from_millis(150));
            let mut bot = change(bot).connect().await.expect("started");
            let handle = bot.handle();
            tokio::spawn(async move { while bot.next().await.is_some() {} });
            let board = Board::new(&handle).period(Duration::from_millis(100));
            (server, handle, board.serve(Tokio).expect("a port"))
        });
        Self {
            server,
            handle,
            board,
            _threads: threads,
        }
    }
}
