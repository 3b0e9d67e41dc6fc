//! What comes after a removal: the voice state of who left, guests, and words that come too late.

use crate::client::{Client, INTENTS};
use headcount_sim::{Act, Change, ConnectionId, Fault, Options, Plan, Subject, Trouble, guild_id};
use serde_json::{Value, json};

/// `GUILDS`, `GUILD_MEMBERS`, `GUILD_VOICE_STATES`, `GUILD_PRESENCES` and `GUILD_MESSAGES`.
const TALK: u64 = INTENTS | 1 << 7 | 1 << 8 | 1 << 9;

fn client(faults: Vec<Fault>) -> Client {
    begun(faults).0
}

fn begun(faults: Vec<Fault>) -> (Client, ConnectionId) {
    let options = Options {
        world: Plan::even(1, 20),
        faults,
        ..Options::default()
    };
    let mut client = Client::new(options, 5);
    let id = client.start([0, 1], TALK);
    client.heard.clear();
    (client, id)
}

fn act(client: &mut Client, act: Act) {
    client.gateway.act(client.now, act);
    client.drain();
}

/// The names of what was heard since.
fn names(client: &mut Client) -> Vec<String> {
    let heard = std::mem::take(&mut client.heard);
    let name = |value: &Value| value["t"].as_str().map(str::to_owned);
    heard.iter().filter_map(|(_, value)| name(value)).collect()
}

fn sitter(client: &Client) -> u64 {
    let guild = client.gateway.world().guild(guild_id(0)).unwrap();
    guild.in_voice().next().unwrap().0
}

fn late(of: Subject) -> Vec<Fault> {
    vec![Fault::once(Trouble::LateWord { of, by: 700 })]
}

#[test]
fn who_leaves_a_voice_channel_with_the_guild_is_reported_once_more_as_a_member() {
    let mut client = client(Vec::new());
    let (guild, user) = (guild_id(0), sitter(&client));
    act(&mut client, Act::RemoveMember { guild, user });
    let emitted: Vec<Value> = client
        .heard
        .iter()
        .map(|(_, value)| value.clone())
        .collect();
    assert_eq!(
        names(&mut client),
        ["GUILD_MEMBER_REMOVE", "VOICE_STATE_UPDATE"]
    );
    let state = &emitted[1]["d"];
    assert_eq!(state["channel_id"], Value::Null);
    assert_eq!(state["member"]["user"]["id"], user.to_string());
    assert!(state["member"]["joined_at"].is_string());
}

#[test]
fn a_guest_is_listed_without_a_time_of_joining_and_counts_for_nothing() {
    let mut client = client(Vec::new());
    let guild = guild_id(0);
    let joins = |joins| Act::MoveGuest {
        guild,
        guest: 0,
        joins,
    };
    act(&mut client, joins(true));
    let state = client.events("VOICE_STATE_UPDATE")[0]["d"].clone();
    assert!(state["channel_id"].is_string());
    assert_eq!(state["member"]["joined_at"], Value::Null);
    act(&mut client, Act::Outage { guild });
    act(&mut client, Act::Restore { guild });
    let create = client.events("GUILD_CREATE")[0]["d"].clone();
    let members = create["members"].as_array().unwrap();
    let guests = members.iter().filter(|row| row["joined_at"].is_null());
    let guests: Vec<&Value> = guests.map(|row| &row["user"]["id"]).collect();
    assert_eq!(guests, [&state["user_id"]]);
    assert_eq!(create["member_count"], 20);
    act(&mut client, joins(false));
    assert_eq!(client.gateway.world().guild(guild).unwrap().len(), 20);
}

#[test]
fn late_words_of_a_member_come_after_the_removal() {
    let mut client = client(late(Subject::Member));
    let (guild, user) = (guild_id(0), sitter(&client));
    act(&mut client, Act::RemoveMember { guild, user });
    names(&mut client);
    client.wait(699);
    assert_eq!(names(&mut client), Vec::<String>::new());
    client.wait(1);
    let words = [
        "GUILD_MEMBER_UPDATE",
        "PRESENCE_UPDATE",
        "VOICE_STATE_UPDATE",
    ];
    assert_eq!(names(&mut client), words);
    assert_eq!(client.gateway.struck()["late word of a member"], 1);
}

#[test]
fn late_words_of_channels_roles_and_threads_come_after_the_removal() {
    let guild = guild_id(0);
    let found = |client: &Client| client.gateway.world().guild(guild).unwrap().clone();
    let change = |of, client: &Client, how: fn(u64) -> Change| {
        let found = found(client);
        match of {
            Subject::Channel => Act::ChangeChannel {
                guild,
                change: how(found.channel_ids().last().unwrap()),
            },
            Subject::Role => Act::ChangeRole {
                guild,
                change: how(found.role_ids().nth(2).unwrap()),
            },
            Subject::Thread | Subject::Member => Act::ChangeThread {
                guild,
                change: how(found.thread_ids().last().unwrap_or(1)),
            },
        }
    };
    for (of, gone, words) in [
        (
            Subject::Channel,
            "CHANNEL_DELETE",
            vec!["CHANNEL_UPDATE", "MESSAGE_CREATE", "VOICE_STATE_UPDATE"],
        ),
        (
            Subject::Role,
            "GUILD_ROLE_DELETE",
            vec!["GUILD_ROLE_UPDATE", "GUILD_MEMBER_UPDATE"],
        ),
        (
            Subject::Thread,
            "THREAD_DELETE",
            vec!["THREAD_UPDATE", "MESSAGE_CREATE"],
        ),
    ] {
        let mut client = client(late(of));
        if of == Subject::Thread {
            let begins = change(of, &client, |_| Change::Add);
            act(&mut client, begins);
            assert_eq!(names(&mut client), ["THREAD_CREATE"]);
        }
        let removal = change(of, &client, Change::Remove);
        act(&mut client, removal);
        assert_eq!(names(&mut client), [gone]);
        client.wait(700);
        assert_eq!(names(&mut client), words);
    }
}

#[test]
fn late_words_are_not_said_of_what_is_back_or_of_a_guild_that_came_anew() {
    let guild = guild_id(0);
    for back in [true, false] {
        let mut client = client(late(Subject::Member));
        let user = sitter(&client);
        act(&mut client, Act::RemoveMember { guild, user });
        if back {
            let user = Some(user);
            act(&mut client, Act::AddMember { guild, user });
        } else {
            act(&mut client, Act::Outage { guild });
            act(&mut client, Act::Restore { guild });
        }
        names(&mut client);
        client.wait(700);
        assert_eq!(names(&mut client), Vec::<String>::new());
    }
}

#[test]
fn a_chunk_lists_who_left_while_it_was_on_its_way() {
    let guild = guild_id(0);
    let leave = Fault::once(Trouble::LeaveAmidChunk { guild });
    let (mut client, id) = begun(vec![leave]);
    let ask = json!({"guild_id": guild.to_string(), "query": "", "limit": 0, "nonce": "n"});
    client.say(id, 8, ask);
    client.wait(1_000);
    let left = client.events("GUILD_MEMBER_REMOVE")[0]["d"]["user"]["id"].clone();
    let chunk = &client.events("GUILD_MEMBERS_CHUNK")[0]["d"];
    let listed = chunk["members"].as_array().unwrap();
    assert_eq!(listed.len(), 20);
    assert!(listed.iter().any(|row| row["user"]["id"] == left));
    let place = |name| client.heard.iter().position(|(_, it)| it["t"] == name);
    assert!(place("GUILD_MEMBER_REMOVE") < place("GUILD_MEMBERS_CHUNK"));
    let found = client.gateway.world().guild(guild).unwrap();
    assert_eq!(found.len(), 19);
}
