//! The adapter against real sockets on loopback. All else is in the tests that run on every
//! runtime.

use std::time::{Duration, Instant};

use headcount_sim::Options;
use headcount_sim::server::{HostedServer, ServerConfig};
use headcount_smol::driver::Runtime;
use headcount_smol::{Api, Bot, ErrorKind, Event, Intents, OnStop, Smol};

#[test]
fn a_bot_comes_up_and_goes_down_over_real_sockets() {
    let config = ServerConfig::default();
    let server = HostedServer::start(Options::default(), 1, config).expect("ports");
    smol::block_on(async {
        let builder = Bot::builder("token", Intents::GUILDS).api(Api::at(server.http_url()));
        let mut bot = builder.connect().await.expect("started");
        loop {
            let event = bot.next().await.expect("the bot runs").event;
            if let Event::ShardReady(_) = event {
                break;
            }
        }
        assert_eq!(
            bot.shutdown(OnStop::Resume).await.expect("it ends").len(),
            1
        );
    });
    assert_eq!(server.violations(), []);
}

#[test]
fn a_name_that_does_not_exist_is_reported_as_such() {
    let builder = Bot::builder("token", Intents::GUILDS).api(Api::at("https://gateway.invalid"));
    let error = smol::block_on(builder.connect()).expect_err("no such host");
    assert_eq!(error.kind(), ErrorKind::NameNotFound);
}

#[test]
fn a_timer_runs_from_its_making_and_is_not_early() {
    let before = Instant::now();
    let timer = Smol.timer(Duration::from_millis(40));
    std::thread::sleep(Duration::from_millis(20));
    smol::block_on(timer);
    let passed = before.elapsed();
    assert!(passed >= Duration::from_millis(40), "{passed:?}");
}
