//! What an operator asks of a shard: what waits, for what, and until when.

use std::time::Duration;

use headcount_core::chunk::{OpenRequest, RequestProgress};
use headcount_core::session::{OnStop, Phase, Wait};
use headcount_core::setup::WaitsFor;
use headcount_core::{Input, Instant};

use crate::guilds::{begun, chunk, chunking, create, guild, nonces};
use crate::host::{Host, config};

#[test]
fn a_connection_says_since_when_it_stands_so_and_until_when_at_most() {
    let mut host = Host::new(config());
    assert_eq!(host.shard.connection().session_since, None);
    host.dial();
    host.pass(Duration::from_secs(2));
    host.hello();
    let identifying = host.shard.connection();
    assert_eq!(identifying.phase, Phase::Identifying);
    assert_eq!(identifying.since, host.now);
    assert_eq!(identifying.sends_left, None, "nothing may be sent yet");
    let until = identifying.waits_for.expect("a deadline");
    assert!(
        until.at > host.now && until.wait == Wait::Ready,
        "{until:?}"
    );

    host.pass(Duration::from_secs(1));
    host.begin_session();
    let began = host.now;
    let active = host.shard.connection();
    assert_eq!((active.phase, active.since), (Phase::Active, began));
    assert_eq!(active.session_since, Some(began));
    assert_eq!(active.waits_for, None, "events flow");

    // The session outlives its connection, and its age with it.
    host.pass(Duration::from_secs(5));
    host.input(Input::Closed(None));
    let away = host.shard.connection();
    assert_eq!((away.phase, away.since), (Phase::Idle, host.now));
    assert_eq!(away.waits_for.map(|it| it.wait), Some(Wait::Backoff));
    assert_eq!(away.session_since, Some(began));
    host.begin();
    assert_eq!(host.shard.connection().session_since, Some(began));

    host.shard.stop(OnStop::End);
    host.wake();
    let halted = host.shard.connection();
    assert_eq!((halted.phase, halted.waits_for), (Phase::Halted, None));
    assert_eq!(halted.session_since, None);
}

#[test]
fn what_is_not_whole_and_what_holds_up_readiness_are_told_apart() {
    let mut host = begun(chunking(), &[1, 2, 3]);
    let pending = |host: &Host| host.shard.pending().map(|(id, _)| id).collect::<Vec<_>>();
    let lacking = |host: &Host| {
        let all = host.shard.not_whole(None);
        all.map(|(id, it)| (id.get(), it.waits_for))
            .collect::<Vec<_>>()
    };
    assert_eq!(pending(&host), [guild(1), guild(2), guild(3)]);
    host.receive(r#"{"op":0,"t":"GUILD_DELETE","s":2,"d":{"id":"2","unavailable":true}}"#);
    assert_eq!(
        pending(&host),
        [guild(1), guild(3)],
        "an outage is an outcome"
    );
    let expected = [
        (1, WaitsFor::Guild),
        (2, WaitsFor::Outage),
        (3, WaitsFor::Guild),
    ];
    assert_eq!(lacking(&host), expected);
    assert_eq!(host.shard.not_whole(Some(guild(2))).count(), 1);
    assert_eq!(host.shard.readiness().not_whole, 3);

    let room = host.shard.connection().sends_left.expect("events flow");
    host.receive(&create(3, 1));
    assert_eq!(host.shard.connection().sends_left, Some(room - 1));
    let asked: Vec<OpenRequest> = host.shard.open_requests(None).collect();
    let [request] = asked[..] else {
        panic!("{asked:?}")
    };
    assert_eq!(
        (request.guild, request.full, request.auto),
        (guild(1), true, true)
    );
    assert_eq!(
        request.since,
        Instant::ZERO.after(host.now.since(Instant::ZERO))
    );
    assert!(matches!(
        request.progress,
        RequestProgress::Sent { attempts: 1, .. }
    ));
    let nonce = nonces(&host).remove(0);
    host.receive(&chunk(4, 1, &nonce, 0, 2));
    let open = host.shard.open_requests(None).next().expect("it goes on");
    assert!(matches!(
        open.progress,
        RequestProgress::Receiving {
            chunks: 1,
            chunk_count: 2,
            ..
        }
    ));
    assert_eq!(host.shard.open_requests(Some(open.request)).count(), 0);
    host.receive(&chunk(5, 1, &nonce, 1, 2));
    assert_eq!(host.shard.open_requests(None).count(), 0);
    assert_eq!(lacking(&host).len(), 2, "it is whole");
    assert_eq!(pending(&host), [guild(3)]);
}
