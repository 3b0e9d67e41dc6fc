//! Where the token may go: never out of TLS, and without it to this machine alone.

use headcount_sim::act::{Act, Target};
use headcount_sim::server::{Server, ServerConfig};
use headcount_sim::{Options, Plan};
use headcount_tokio::driver::core::event::ConnectionFailure;
use headcount_tokio::driver::core::manager::Single;
use headcount_tokio::driver::core::session::{DialFailure, Reason};
use headcount_tokio::driver::core::twitch::Account;
use headcount_tokio::driver::{Bot, Builder, Chat};
use headcount_tokio::{ErrorKind, Event};

use crate::bot::{builder, kind, options, ready};
use crate::runtimes::{Tested, on_each_runtime, serve};
use crate::tls::{secure, trusting};

on_each_runtime! {
    a_resume_host_without_tls_is_dead_after_tls,
    a_resume_host_without_tls_is_dead_on_another_machine,
    a_gateway_without_tls_is_refused_after_tls,
    another_machine_without_tls_is_refused_at_the_start,
    a_chat_without_tls_on_another_machine_is_refused,
}

/// A port of this machine where nobody may come: a connection would be seen.
struct Trap(std::net::TcpListener);

impl Trap {
    fn set() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.set_nonblocking(true).expect("it may");
        Self(listener)
    }

    fn url(&self, scheme: &str) -> String {
        format!("{scheme}://{}", self.0.local_addr().expect("an address"))
    }

    fn is_empty(&self) -> bool {
        self.0.accept().is_err()
    }
}

fn small() -> Options {
    options(Plan::even(3, 20))
}

/// A bot that trusts the server, if it has a certificate.
fn described<R: Tested>(server: &Server) -> Builder<R> {
    match server.certificate() {
        Some(certificate) => builder::<R>(server).tls(trusting(certificate)),
        None => builder::<R>(server),
    }
}

/// Cuts a bot's connection: why its first dial failed, and how many it takes to resume.
async fn cut<R: Tested>(bot: &mut Bot<R>, server: &Server) -> (ConnectionFailure, DialFailure) {
    ready(bot).await;
    server.act(Act::Close(Target::All, 4000));
    let (mut emitted, mut reasons) = (Vec::new(), Vec::new());
    loop {
        match bot.next().await.expect("the bot goes on").event {
            Event::ConnectionFailed(failure) => emitted.push(failure),
            Event::StateChanged(change) => {
                if let Reason::DialFailed(why) = change.reason {
                    reasons.push(why);
                }
            }
            Event::Resumed { .. } => break,
            _ => {}
        }
    }
    assert_eq!(
        (emitted.len(), reasons.len()),
        (1, 1),
        "{emitted:?}, {reasons:?}"
    );
    assert_eq!(
        server.inspect(|gateway| gateway.ledger().identifies.len()),
        1
    );
    (emitted.remove(0), reasons[0])
}

async fn a_resume_host_without_tls_is_dead_after_tls<R: Tested>() {
    for scheme in ["ws", "http"] {
        let trap = Trap::set();
        let config = ServerConfig {
            advertised_resume: Some(trap.url(scheme)),
            ..secure()
        };
        let server = serve(small(), 1, config).await;
        let bot = described::<R>(&server).allow_plaintext().connect();
        let mut bot = bot.await.expect("started");
        let (failure, why) = cut(&mut bot, &server).await;
        assert_eq!(kind(&failure), ErrorKind::Plaintext);
        assert_eq!((failure.opened, why), (false, DialFailure::Plaintext));
        assert!(trap.is_empty(), "the token must not go there");
        assert_eq!(server.violations(), []);
    }
}

async fn a_resume_host_without_tls_is_dead_on_another_machine<R: Tested>() {
    let config = ServerConfig {
        advertised_resume: Some("ws://resume.invalid".to_owned()),
        ..ServerConfig::default()
    };
    let server = serve(small(), 1, config).await;
    let mut bot = described::<R>(&server).connect().await.expect("started");
    let (_, why) = cut(&mut bot, &server).await;
    assert_eq!(why, DialFailure::Plaintext);
    // Whoever allows it by name dials it, and finds out that there is no such host.
    let bot = described::<R>(&server).allow_plaintext().connect();
    let mut bot = bot.await.expect("started");
    ready(&mut bot).await;
    server.act(Act::Close(Target::All, 4000));
    let failure = crate::bot::until(&mut bot, |event| match &event.event {
        Event::ConnectionFailed(failure) => Some(failure.clone()),
        _ => None,
    });
    assert_eq!(kind(&failure.await), ErrorKind::NameNotFound);
}

async fn a_gateway_without_tls_is_refused_after_tls<R: Tested>() {
    let trap = Trap::set();
    let config = ServerConfig {
        advertised_base: Some(trap.url("ws")),
        ..secure()
    };
    let server = serve(small(), 1, config).await;
    let bot = described::<R>(&server).allow_plaintext().connect();
    let error = bot.await.expect_err("out of TLS");
    assert_eq!(error.kind(), ErrorKind::Plaintext, "{error}");
    assert!(trap.is_empty(), "the token must not go there");
}

async fn another_machine_without_tls_is_refused_at_the_start<R: Tested>() {
    for base in ["ws://gateway.invalid", "http://10.1.2.3:80"] {
        let config = ServerConfig {
            advertised_base: Some(base.to_owned()),
            ..ServerConfig::default()
        };
        let server = serve(small(), 1, config).await;
        let error = described::<R>(&server).connect().await;
        assert_eq!(error.expect_err(base).kind(), ErrorKind::Plaintext);
        let bot = described::<R>(&server).allow_plaintext().connect();
        drop(bot.await.expect("allowed by name"));
    }
}

async fn a_chat_without_tls_on_another_machine_is_refused<R: Tested>() {
    let chat = || {
        let mut builder = Chat::<R>::builder().url("ws://chat.invalid");
        let account = builder.account(Account::anonymous());
        let options = headcount_tokio::driver::core::manager::Options::default();
        let manager = builder.manager(account, options, [], |_| Single);
        manager.expect("a manager");
        builder
    };
    let error = chat().start().expect_err("in plaintext");
    assert_eq!(error.kind(), ErrorKind::Plaintext);
    let chat = chat().allow_plaintext().start().expect("allowed by name");
    chat.shutdown().await;
}
