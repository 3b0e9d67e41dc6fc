//! The README's first bot, as a program, against the simulated gateway.
#![allow(missing_docs, reason = "tests")]

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use headcount_sim::server::{HostedServer, ServerConfig};
use headcount_sim::{Addressee, Options, Plan, Rule, Token, Words};
use headcount_tokio::driver::state::SavedState;
use headcount_tokio::{Api, Bot, Intents};
use tempfile::TempDir;

const TOKEN: &str = "secret";

fn program() -> PathBuf {
    let test = std::env::current_exe().expect("a path");
    let folder = test
        .parent()
        .and_then(|deps| deps.parent())
        .expect("target");
    folder.join("examples").join("first_bot")
}

fn start(options: Options) -> (HostedServer, Command, TempDir) {
    let options = Options {
        world: Plan::even(2, 10),
        token: Token::new(TOKEN),
        ..options
    };
    let server = HostedServer::start(options, 3, ServerConfig::default()).expect("ports");
    let mut bot = Command::new(program());
    let host = server.http_url().replace("http://", "");
    bot.arg(host).env("DISCORD_TOKEN", TOKEN);
    bot.stdout(Stdio::piped()).stderr(Stdio::piped());
    // Where it keeps its state.
    let folder = tempfile::tempdir().expect("a folder");
    bot.current_dir(folder.path());
    (server, bot, folder)
}

/// What the bot printed when it had ended with a failure.
fn failure(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr.clone()).expect("text")
}

#[test]
fn it_has_at_most_forty_lines_and_stands_in_the_readme() {
    let source = include_str!("../examples/first_bot.rs");
    assert!(source.lines().count() <= 40, "{}", source.lines().count());
    assert!(include_str!("../../../README.md").contains(source.trim_end()));
}

#[test]
fn it_answers_a_message_and_a_command_and_ends_when_asked() {
    let said = vec![
        Words::Message("!ping".to_owned()),
        Words::Command("ping".to_owned()),
    ];
    let (server, mut command, folder) = start(Options {
        said,
        ..Options::default()
    });
    let mut bot = command.spawn().expect("the program is built");
    let start = Instant::now();
    while server.inspect(|gateway| gateway.heard().len()) < 2 {
        assert!(start.elapsed() < Duration::from_secs(30), "no answer");
        std::thread::sleep(Duration::from_millis(20));
    }
    server.inspect(|gateway| {
        let heard = gateway.heard();
        assert!(matches!(heard[0].to, Addressee::Channel(_)));
        assert_eq!(heard[1].to, Addressee::Command("ping".to_owned()));
        assert!(heard.iter().all(|said| said.text == "Pong!"));
    });
    if cfg!(unix) {
        let interrupt = Command::new("kill")
            .args(["-INT", &bot.id().to_string()])
            .status();
        assert!(interrupt.expect("kill").success());
    } else {
        bot.kill().expect("it runs");
    }
    let ended = bot.wait().expect("it ends");
    assert!(ended.success() || !cfg!(unix), "{ended}");
    assert_eq!(server.violations(), []);
    let saved = SavedState::read(folder.path().join("trial.state")).expect("it is there");
    assert_eq!(saved.sessions.len(), 1, "the next process goes on with it");
}

#[test]
fn a_refusal_ends_it_with_the_remedy() {
    let (_server, mut bot, _folder) = start(Options::default());
    let wrong = bot.env("DISCORD_TOKEN", "wrong").output().expect("built");
    let said = failure(&wrong);
    assert!(
        said.contains("InvalidToken") && said.contains("copy the bot's token again"),
        "{said}"
    );

    let (_server, mut bot, _folder) = start(Options {
        granted: 0,
        ..Options::default()
    });
    let said = failure(&bot.output().expect("built"));
    assert!(
        said.contains("DisallowedIntents") && said.contains("remedy"),
        "{said}"
    );
}

#[tokio::test]
async fn an_intent_that_does_not_exist_ends_a_bot_with_the_remedy() {
    let (server, ..) = start(Options::default());
    let unknown = Intents::from_bits_retain(1 << 60) | Intents::GUILDS;
    let bot = Bot::builder(TOKEN, unknown).api(Api::at(server.http_url()));
    let mut bot = bot.connect().await.expect("it is the gateway that refuses");
    while bot.next().await.is_some() {}
    let said = bot
        .outcome()
        .expect_err("it has ended by itself")
        .to_string();
    assert!(said.contains("use the named ones"), "{said}");
    let broken = server.violations();
    assert!(
        broken.iter().any(|one| one.rule == Rule::UnknownIntent),
        "{broken:?}"
    );
}
