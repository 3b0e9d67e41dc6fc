//! Mutations as values: what is in them, and who may hold them.

use headcount_core::cache::{Deriver, GuildStatus, Kinds, MemoryStore, Mutation, Op, Rows};
use headcount_core::id::ChannelId;
use headcount_core::wire::Name;
use headcount_core::wire::view::View;
use headcount_core::{Position, ShardId};

use crate::members::chunk;
use crate::world::{World, channel, guild, guild_1, user};

impl World {
    /// What a tracker adds when a request for all members has been answered.
    pub(crate) fn complete(&mut self, guild_id: u64) {
        self.store
            .apply(Mutation::new(Some(guild(guild_id))).with(Op::Complete));
    }
}

#[test]
fn a_chunk_is_one_batch_in_the_order_of_the_payload() {
    let text = chunk(&[3, 1, 2]).to_string();
    let view = View::parse(Name::GuildMembersChunk, &text, Kinds::all())
        .unwrap()
        .unwrap();
    let View::MembersChunk(chunk) = &view else {
        panic!("no chunk")
    };
    assert_eq!((chunk.index, chunk.count), (Some(0), Some(1)));
    assert_eq!((chunk.received, chunk.unread), (3, 0));
    assert_eq!(chunk.not_found, [user(555)]);
    assert_eq!(chunk.nonce.as_ref().unwrap(), &"n");
    let mutation = Deriver::new(ShardId::ONE, Kinds::all()).derive(view);
    assert_eq!(mutation.guild(), Some(guild(1)));
    let ops: Vec<_> = mutation.ops().collect();
    let [
        Op::Upsert(Rows::Members(members)),
        Op::Upsert(Rows::Presences(_)),
    ] = ops[..]
    else {
        panic!("{mutation:?}");
    };
    assert_eq!(members.users().collect::<Vec<_>>(), [3, 1, 2].map(user));
}

#[test]
fn an_owned_mutation_outlives_its_payload() {
    let owned: Mutation<'static> = {
        let text = guild_1().to_string();
        let view = View::parse(Name::GuildCreate, &text, Kinds::all())
            .unwrap()
            .unwrap();
        Deriver::new(ShardId::ONE, Kinds::all())
            .derive(view)
            .into_owned()
    };
    let mut world = World::empty();
    world.store.apply(owned);
    assert_eq!(world.member_ids(1), [10, 99]);
}

#[test]
fn rate_limited_says_how_long_and_whose() {
    let parse = |text: &'static str| View::parse(Name::RateLimited, text, Kinds::all());
    let text = r#"{"meta":{"guild_id":"5","nonce":"n"},"retry_after":29.457,"opcode":8}"#;
    let Ok(Some(View::RateLimited(limited))) = parse(text) else {
        panic!("no view")
    };
    assert_eq!(limited.retry_after.as_millis(), 29_457);
    assert_eq!((limited.opcode, limited.guild), (8, Some(guild(5))));
    assert_eq!(limited.nonce.unwrap(), "n");
    let text = r#"{"opcode":31,"retry_after":1e300,"meta":{"guild_id":[]}}"#;
    let Ok(Some(View::RateLimited(limited))) = parse(text) else {
        panic!("no view")
    };
    assert_eq!(
        (limited.guild, limited.retry_after),
        (None, core::time::Duration::MAX)
    );
    for text in [
        r#"{"opcode":8}"#,
        r#"{"retry_after":1}"#,
        r#"{"opcode":8,"retry_after":-1}"#,
        r#"{"opcode":8,"retry_after":1e999}"#,
    ] {
        assert!(parse(text).is_err(), "{text}");
    }
}

#[test]
fn ready_reports_all_that_a_session_needs() {
    let text = crate::world::ready(&[1, 2]).to_string();
    let view = View::parse(Name::Ready, &text, Kinds::all())
        .unwrap()
        .unwrap();
    let View::Ready(ready) = view else {
        panic!("no view")
    };
    assert_eq!(ready.session_id, "abc");
    assert_eq!(ready.resume_gateway_url.unwrap(), "wss://resume.example");
    assert_eq!(ready.shard, Some(ShardId::ONE));
    assert!(
        ready
            .guilds
            .unwrap()
            .rows
            .iter()
            .all(|guild| guild.unavailable)
    );
    let application = ready.application.unwrap();
    assert_eq!(
        (application.id.get(), application.flags),
        (99, Some(4_294_967_304))
    );
}

fn id<T: From<std::num::NonZeroU64>>() -> T {
    std::num::NonZeroU64::new(7).unwrap().into()
}

/// Rows of every kind that is not tested by itself.
fn rows_of_every_kind() -> [Rows<'static>; 14] {
    use headcount_core::wire::view;
    use headcount_core::wire::{Field, Text};
    let mut sound = view::Sound::bare(id());
    (sound.volume, sound.emoji_name) = (Some(0.5), Field::Null);
    let member = view::ThreadMembership::bare().named(id(), id());
    [
        Rows::Threads(vec![view::Thread::bare(id())]),
        Rows::ThreadMembers(vec![member]),
        Rows::Emojis(vec![view::Emoji::bare(id())]),
        Rows::Stickers(vec![view::Sticker::bare(id())]),
        Rows::Sounds(vec![sound]),
        Rows::VoiceStates(vec![view::VoiceState::bare(id())]),
        Rows::Stages(vec![view::StageInstance::bare(id())]),
        Rows::ScheduledEvents(vec![view::ScheduledEvent::bare(id())]),
        Rows::Integrations(vec![view::Integration::bare(id())]),
        Rows::Invites(vec![view::Invite::bare(Text::plain("abc"))]),
        Rows::Rules(vec![view::Rule::bare(id())]),
        Rows::Messages([view::Message::bare(id())].into_iter().collect()),
        Rows::WebhookMarks(vec![id()]),
        Rows::VoiceState([view::VoiceState::bare(id())].into_iter().collect()),
    ]
}

/// Every kind of row and of step, as a store in another process gets it.
fn of_every_kind() -> Mutation<'static> {
    use headcount_core::cache::{Key, Lack, OneReaction, React, ReactChange, Vote};
    use headcount_core::id::{MessageId, ScheduledEventId};
    use headcount_core::wire::Text;
    use headcount_core::wire::view;
    let one = || OneReaction {
        emoji: view::ReactionEmoji::bare(),
        burst: true,
        me: false,
    };
    let (channel, message) = (id(), id());
    let react = |change| {
        Op::React(Box::new(React {
            channel,
            message,
            change,
        }))
    };
    let origin = Position {
        shard: ShardId::ONE,
        session: 1,
        sequence: 1,
    };
    let none = Mutation::new(Some(id())).at(origin);
    let upserted = |sum: Mutation<'static>, rows| sum.with(Op::Upsert(rows));
    rows_of_every_kind()
        .into_iter()
        .fold(none, upserted)
        .with(Op::SyncThreads(
            [id()].into(),
            [view::Thread::bare(id())].into(),
        ))
        .with(Op::PutWebhooks(id(), vec![view::Webhook::bare(id())]))
        .with(Op::OnlyChannels(vec![id()]))
        .with(Op::Incomplete(Lack::Loading))
        .with(Op::LastMessage(id(), id()))
        .with(Op::CountMessages {
            thread: id(),
            by: -3,
        })
        .with(Op::CountInterested {
            event: id::<ScheduledEventId>(),
            by: 1,
        })
        .with(react(ReactChange::Add(one())))
        .with(react(ReactChange::Remove(one())))
        .with(react(ReactChange::RemoveEmoji(one().emoji)))
        .with(react(ReactChange::RemoveAll))
        .with(Op::Vote(Vote {
            channel: id(),
            message: id(),
            answer: 3,
            given: true,
            me: true,
        }))
        .with(Op::Remove(Key::Invite(Text::plain("abc"))))
        .with(Op::Remove(Key::WebhookMark(id())))
        .with(Op::Remove(Key::ThreadMembersOf(id())))
        .with(Op::Remove(Key::Messages(id(), vec![id::<MessageId>()])))
}

#[test]
fn a_mutation_of_every_kind_comes_back_from_serde_as_it_was() {
    let mutation = of_every_kind();
    let text = serde_json::to_string(&mutation).unwrap();
    let back: Mutation<'static> = serde_json::from_str(&text).unwrap();
    assert_eq!(back, mutation);
    assert_eq!(mutation.clone().into_owned(), mutation);
    let mut world = World::new();
    world.store.apply(mutation);
    assert_eq!(world.member_ids(1), [10, 99], "nothing is stored elsewhere");
}

#[test]
fn a_voice_state_in_place_does_what_a_list_of_it_does() {
    use headcount_core::wire::{Field, view};
    let state = |id: u64, place: Field<ChannelId>| {
        let mut state = view::VoiceState::bare(user(id));
        (state.channel, state.mute) = (place, Some(true));
        state
    };
    let two = |store: &mut MemoryStore| {
        let rows = [10, 11].map(|id| state(id, Field::Value(channel(101))));
        let known = Op::SetStatus(GuildStatus::Available);
        let mutation = Mutation::new(Some(guild(1))).with(known);
        store.apply(mutation.with(Op::Upsert(Rows::VoiceStates(rows.into()))));
    };
    for id in [10, 12] {
        for place in [Field::Value(channel(102)), Field::Absent] {
            for step in [Op::Upsert, Op::Patch, Op::Replace] {
                let one = step(Rows::VoiceState([state(id, place)].into_iter().collect()));
                let list = step(Rows::VoiceStates(vec![state(id, place)]));
                let [one, list] = [one, list].map(|op| {
                    let mut store = MemoryStore::new(3);
                    two(&mut store);
                    let (_, old) = store.replace(Mutation::new(Some(guild(1))).with(op));
                    let mut rows: Vec<_> = store.voice_states(guild(1)).cloned().collect();
                    rows.sort_by_key(|state| state.user);
                    (rows, old.voice_states)
                });
                assert_eq!(one, list, "{id} {place:?}");
            }
        }
    }
}
