//! A bot whose session the gateway has forgotten: its rows are stale until their guild comes anew.

use std::path::Path;
use std::time::Duration;

use headcount_sim::act::Act;
use headcount_sim::server::{Server, ServerConfig};
use headcount_sim::{Plan, Target, guild_id};
use headcount_tokio::driver::core::cache::memory::{Completeness, PresencesCompleteness};
use headcount_tokio::driver::core::cache::{Kind, Lack, Policies, Policy};
use headcount_tokio::driver::core::id::GuildId;
use headcount_tokio::driver::core::setup::{AutoChunk, Outcome};
use headcount_tokio::driver::core::wire::Name;
use headcount_tokio::driver::{Bot, Builder};
use headcount_tokio::{Api, Event, Handle, Intents, OnStop};

use crate::bot::{BACKOFF, TOKEN, options, until};
use crate::runtimes::{Tested, on_each_runtime, serve};

on_each_runtime! {
    rows_are_stale_with_a_reason_until_their_guild_comes_anew,
}

const MEMBERS: u64 = 30;
/// The guild that is down when the next bot begins.
const DOWN: u32 = 2;

fn guild(number: u32) -> GuildId {
    GuildId::new(guild_id(number)).expect("an id")
}

/// Limits by use and by age, which are not reached.
fn policies() -> Policies {
    let hour = Duration::from_secs(3_600);
    let policies = Policies::following(Intents::all());
    let policies = policies.with(Kind::Member, Policy::lru(1_000).time_to_live(hour));
    let policies = policies.and_then(|it| it.with(Kind::Presence, Policy::lru(500)));
    let messages = Policy::newest_per_channel(5).time_to_live(hour);
    let policies = policies.and_then(|it| it.with(Kind::Message, messages));
    policies.expect("they make sense")
}

async fn connect<R: Tested>(server: &Server, folder: &Path) -> Bot<R> {
    let bot = Builder::new(R::default(), TOKEN, Intents::all())
        .api(Api::at(server.http_url()))
        .chunking(AutoChunk::Missing)
        .cache(policies())
        .state(folder)
        .configure(|config| {
            config.timing.first_backoff = BACKOFF;
            config.timing.invalid_session = BACKOFF;
        })
        .fleet_config(|fleet| fleet.spacing = Duration::from_millis(150));
    bot.connect().await.expect("started")
}

async fn counted<R: Tested>(bot: &mut Bot<R>) -> (usize, usize) {
    until(bot, |event| match &event.event {
        Event::FinishedChunking(done) => {
            assert_eq!(done.restored, None);
            Some((done.complete, done.others))
        }
        _ => None,
    })
    .await
}

/// Somebody says something and sits down in each guild.
async fn live<R: Tested>(server: &Server, bot: &mut Bot<R>) {
    for number in 0..3 {
        let guild = guild_id(number);
        let member = server.inspect(|gateway| gateway.world().guild(guild)?.member_at(1));
        let user = member.expect("a member");
        server.act(Act::Message {
            guild,
            author: user,
        });
        server.act(Act::MoveVoice {
            guild,
            user,
            joins: true,
        });
    }
    let mut seated = 0;
    until(bot, |event| {
        let dispatch = event.event.dispatch();
        let is_seat = dispatch.is_some_and(|it| it.name() == Name::VoiceStateUpdate);
        seated += usize::from(is_seat);
        (seated == 3).then_some(())
    })
    .await;
}

/// How many rows a guild has: members, presences, messages and voice states.
fn rows(handle: &Handle, guild: GuildId) -> [usize; 4] {
    handle.cache(|store| {
        let channels: Vec<_> = store.channels(guild).map(|channel| channel.id).collect();
        let messages = channels.iter().map(|it| store.messages(guild, *it).count());
        [
            store.members(guild).count(),
            store.presences(guild).count(),
            messages.sum(),
            store.voice_states(guild).count(),
        ]
    })
}

/// Why a guild lacks members and presences.
fn lacks(handle: &Handle, guild: GuildId) -> (Option<Lack>, Option<Lack>) {
    let (members, presences) = handle.cache(|store| {
        let presences = store.presences_completeness(guild);
        (store.completeness(guild), presences)
    });
    let members = match members.expect("it is known") {
        Completeness::Complete { members } => {
            assert_eq!(members, MEMBERS);
            None
        }
        Completeness::Partial { members, why, .. } => {
            assert_eq!(members, MEMBERS, "they are still there");
            Some(why)
        }
    };
    let presences = match presences.expect("it is known") {
        PresencesCompleteness::Complete { .. } => None,
        PresencesCompleteness::Partial { why, .. } => Some(why),
    };
    (members, presences)
}

async fn rows_are_stale_with_a_reason_until_their_guild_comes_anew<R: Tested>() {
    let options = options(Plan::even(3, MEMBERS as u32));
    let server = serve(options, 1, ServerConfig::default()).await;
    let folder = tempfile::tempdir().expect("a folder");
    let mut first = connect::<R>(&server, folder.path()).await;
    assert_eq!(counted(&mut first).await, (3, 0));
    live(&server, &mut first).await;
    let left = rows(&first.handle(), guild(DOWN));
    assert!(left.iter().all(|rows| *rows > 0), "{left:?}");
    first.shutdown(OnStop::Resume).await.expect("it ends");
    server.act(Act::ForgetSessions(Target::All));
    server.act(Act::Outage {
        guild: guild_id(DOWN),
    });

    let mut next = connect::<R>(&server, folder.path()).await;
    let handle = next.handle();
    let began = handle.restored().map(|it| it.guilds.get());
    assert_eq!(began, Some(3), "before the session is refused");
    assert_eq!(rows(&handle, guild(DOWN)), left, "all of them");
    until(&mut next, |event| {
        matches!(event.event, Event::Gap(_)).then_some(())
    })
    .await;
    assert_eq!(counted(&mut next).await, (2, 1));
    for number in 0..3 {
        let expected = (number == DOWN).then_some(Lack::Stale);
        let found = lacks(&handle, guild(number));
        assert_eq!(found, (expected, expected), "guild {number}");
    }
    let [members, presences, _, voice] = left;
    let stale = rows(&handle, guild(DOWN));
    assert_eq!(
        stale,
        [members, presences, 0, voice],
        "no event says which messages are left"
    );
    server.act(Act::Restore {
        guild: guild_id(DOWN),
    });
    let outcome = until(&mut next, |event| match &event.event {
        Event::GuildRestored(it) => Some((it.guild, it.outcome.clone())),
        _ => None,
    });
    assert_eq!(outcome.await, (guild(DOWN), Outcome::Complete));
    assert_eq!(lacks(&handle, guild(DOWN)), (None, None));
    assert_eq!(server.violations(), []);
    next.shutdown(OnStop::End).await.expect("it ends");
}
