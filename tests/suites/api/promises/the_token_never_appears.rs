//! Promise 9: the token is written to the wire and nowhere else.

use std::fmt::{self, Write as _};
use std::sync::{Arc, Mutex};

use headcount_core::{Event, Intents, Token};
use headcount_sim::server::{Server, ServerConfig};
use headcount_sim::{Act, Options, Target};
use headcount_tokio::driver::Api;
use headcount_tokio::{Builder, Tokio};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{Subscriber, set_global_default};
use tracing::{Event as Line, Metadata};

use crate::bot::{TOKEN, all_active, config, options, pair};

/// Fails if a text holds the token, whole or in part.
fn clean(what: &str, text: &str) {
    for hidden in [TOKEN, "s3cr3t", "t0ken"] {
        assert!(!text.contains(hidden), "{what} shows the token");
    }
}

#[test]
fn in_no_debug_event_error_or_exported_session() {
    let config = config();
    clean(
        "the configuration",
        &format!("{config:?} {:?}", Token::new(TOKEN)),
    );
    let mut pair = pair(
        Options {
            token: headcount_sim::Token::new(TOKEN),
            ..options()
        },
        1,
    );
    assert!(pair.run_until(60_000, all_active));
    pair.act(Act::Cut(Target::All));
    pair.run(60_000);
    pair.gateway.act(
        pair.now,
        Act::Babble(Target::All, headcount_sim::Junk::NotJson),
    );
    pair.run(60_000);
    assert_eq!(
        pair.gateway.ledger().resumes.len(),
        1,
        "identify and resume were written"
    );
    let shard = &pair.seats[0].shard;
    clean("the shard", &format!("{shard:?}"));
    let session = serde_json::to_string(&shard.session().unwrap()).unwrap();
    clean("the session", &session);
    let mut sent = 0;
    for done in &pair.done {
        clean("an action", &format!("{done:?}"));
        if let headcount_core::Action::Send(command) = &done.action {
            sent += usize::from(command.encode(&mut String::new()).contains(TOKEN));
        }
    }
    assert_eq!(sent, 2, "the wire has it");
    pair.act(Act::Close(Target::All, 4004));
    pair.run(1_000);
    let halted = pair
        .events()
        .find(|event| matches!(event, Event::Halted(_)));
    let Some(Event::Halted(halt)) = halted else {
        panic!("4004 ends the shard");
    };
    clean("the end", &format!("{halt:?}"));
    let error = pair.seats[0]
        .shard
        .send(headcount_core::wire::command::Command::Heartbeat { sequence: None });
    clean("an error", &format!("{error:?} {}", error.unwrap_err()));
}

/// Keeps every span and line, at the most talkative level.
#[derive(Clone, Default)]
struct Keep(Arc<Mutex<String>>);

impl Visit for Keep {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _ = write!(self.0.lock().unwrap(), " {field}={value:?}");
    }
}

impl Subscriber for Keep {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut self.clone());
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut self.clone());
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, line: &Line<'_>) {
        line.record(&mut self.clone());
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[test]
fn in_no_line_of_a_bot_that_is_traced() {
    let kept = Keep::default();
    set_global_default(kept.clone()).expect("the only subscriber");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(traced());
    let lines = kept.0.lock().unwrap();
    assert!(lines.contains("dialling"), "the driver speaks: {lines}");
    clean("a line", &lines);
}

/// A bot's life over a real socket: a start, a cut, a resume, an end, and a wrong token.
async fn traced() {
    let options = Options {
        token: headcount_sim::Token::new(TOKEN),
        ..options()
    };
    let server = Server::start(options, 1, ServerConfig::default())
        .await
        .unwrap();
    let bot =
        |token: &str| Builder::new(Tokio, token, Intents::GUILDS).api(Api::at(server.http_url()));
    let mut bot_of = bot(TOKEN).connect().await.unwrap();
    let mut cut = false;
    while let Some(event) = bot_of.next().await {
        clean("an event", &format!("{event:?}"));
        match event.event {
            Event::ShardReady(_) if !cut => {
                server.cut_all();
                cut = true;
            }
            Event::Resumed { .. } => server.act(Act::Close(Target::All, 4004)),
            _ => {}
        }
    }
    assert!(cut);
    let Err(error) = bot("wrong.s3cr3t").connect().await else {
        panic!("a wrong token starts no bot");
    };
    clean("an error", &format!("{error:?} {error}"));
}
