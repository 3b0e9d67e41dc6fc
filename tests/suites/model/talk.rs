//! What members say to the bot, and what the bot says to them over HTTP.
use crate::client::Client;
use headcount_sim::{Act, Addressee, BotSaid, Options, Plan, Rest, Rule, Words, guild_id};
use serde_json::{Value, json};

/// `GUILDS`, `GUILD_MESSAGES` and `MESSAGE_CONTENT`.
const INTENTS: u64 = 1 | 1 << 9 | 1 << 15;

fn client(said: Vec<Words>) -> Client {
    let options = Options {
        world: Plan::even(1, 5),
        said,
        ..Options::default()
    };
    Client::new(options, 4)
}

fn post(client: &mut Client, path: &str, body: &Value) -> (u16, Value) {
    call(client, "POST", path, body.to_string().as_bytes())
}

fn call(client: &mut Client, method: &str, path: &str, body: &[u8]) -> (u16, Value) {
    let authorization = (!path.contains("interactions")).then_some("Bot t");
    let path = format!("/api/v10{path}");
    let request = Rest {
        method,
        path: &path,
        authorization,
        body,
    };
    let reply = client.gateway.rest(client.now, &request);
    client.drain();
    let body = serde_json::from_str(&reply.body).unwrap_or(Value::Null);
    (reply.status, body)
}

fn message(text: &str) -> Words {
    Words::Message(text.to_owned())
}

#[test]
fn members_talk_to_each_session_once_its_guilds_have_come() {
    let mut client = client(vec![message("!ping"), Words::Command("ping".to_owned())]);
    let id = client.start([0, 1], INTENTS);
    let heard: Vec<&Value> = client.heard.iter().map(|(_, it)| &it["t"]).collect();
    assert_eq!(
        heard[2..],
        ["GUILD_CREATE", "MESSAGE_CREATE", "INTERACTION_CREATE"]
    );
    let said = client.events("MESSAGE_CREATE")[0];
    assert_eq!(said["d"]["content"], "!ping");
    let used = &client.events("INTERACTION_CREATE")[0]["d"];
    assert_eq!(
        (&used["data"]["name"], &used["type"]),
        (&json!("ping"), &json!(2))
    );
    assert_eq!(used["channel_id"], said["d"]["channel_id"]);
    client.gateway.closed(client.now, id, Some(1000));
    client.wait(10_000);
    client.start([0, 1], INTENTS & !(1 << 15));
    let again = client.events("MESSAGE_CREATE")[1];
    assert_eq!(again["d"]["content"], "", "without the intent");
}

#[test]
fn a_message_of_the_bot_is_checked_kept_and_sent_round() {
    let mut client = client(vec![message("!ping")]);
    client.start([0, 1], INTENTS);
    let channel = client.events("MESSAGE_CREATE")[0]["d"]["channel_id"].clone();
    let channel = channel.as_str().unwrap();
    let path = format!("/channels/{channel}/messages");
    let (status, body) = post(&mut client, &path, &json!({"content": "Pong!"}));
    assert_eq!((status, &body["content"]), (200, &json!("Pong!")));
    let round = client.events("MESSAGE_CREATE")[1];
    assert_eq!(
        (&round["d"]["content"], &round["d"]["id"]),
        (&json!("Pong!"), &body["id"])
    );
    let to = Addressee::Channel(channel.parse().unwrap());
    let text = "Pong!".to_owned();
    assert_eq!(client.gateway.heard(), [BotSaid { to, text }]);

    let mut refused = |path: &str, body: Value| {
        let (status, body) = post(&mut client, path, &body);
        (status, body["code"].as_u64().unwrap_or_default())
    };
    assert_eq!(refused(&path, json!({"content": ""})), (400, 50_006));
    assert_eq!(
        refused(&path, json!({"content": "x".repeat(2001)})),
        (400, 50_035)
    );
    assert_eq!(
        refused(&path, json!({"content": "\u{e9}".repeat(2000)})).0,
        200
    );
    assert_eq!(refused(&path, json!({"embeds": [{"title": "x"}]})).0, 200);
    assert_eq!(
        refused("/channels/1/messages", json!({"content": "x"})),
        (404, 10_003)
    );
    let (status, body) = call(&mut client, "POST", &path, b"not JSON");
    assert_eq!((status, &body["code"]), (400, &json!(50_109)));
    assert_eq!(client.gateway.heard().len(), 3);
}

#[test]
fn an_interaction_is_answered_once_and_in_time() {
    let mut client = client(vec![]);
    client.start([0, 1], INTENTS);
    let command = json!({"name": "ping", "description": "Answers."});
    let commands = format!("/applications/{}/commands", client.gateway.world().bot());
    let (status, made) = post(&mut client, &commands, &command);
    assert_eq!((status, &made["name"]), (201, &json!("ping")));
    let upper = json!({"name": "Ping", "description": "x"});
    assert_eq!(post(&mut client, &commands, &upper).0, 400);
    let all = call(
        &mut client,
        "PUT",
        &commands,
        json!([command]).to_string().as_bytes(),
    );
    assert_eq!((all.0, all.1.as_array().unwrap().len()), (200, 1));

    let guild = guild_id(0);
    let user = client
        .gateway
        .world()
        .guild(guild)
        .and_then(|found| found.member_at(1))
        .unwrap();
    let interact = |client: &mut Client| {
        let command = "ping".to_owned();
        client.gateway.act(
            client.now,
            Act::UseCommand {
                guild,
                user,
                command,
            },
        );
        client.drain();
        let used = &client.events("INTERACTION_CREATE").pop().unwrap()["d"];
        assert_eq!(used["data"]["id"], all.1[0]["id"]);
        let (id, token) = (
            used["id"].as_str().unwrap(),
            used["token"].as_str().unwrap(),
        );
        format!("/interactions/{id}/{token}/callback")
    };
    let path = interact(&mut client);
    let answer = json!({"type": 4, "data": {"content": "Pong!"}});
    let wrong = path.replace("/callback", "0/callback");
    assert_eq!(post(&mut client, &wrong, &answer).1["code"], 10_062);
    assert_eq!(
        post(&mut client, &path, &json!({"type": 4})).1["code"],
        50_006
    );
    assert_eq!(post(&mut client, &path, &answer), (204, Value::Null));
    assert_eq!(post(&mut client, &path, &answer).1["code"], 40_060);
    client.wait(3_000);
    assert_eq!(client.rules(), []);
    let to = Addressee::Command("ping".to_owned());
    assert_eq!(
        client.gateway.heard(),
        [BotSaid {
            to,
            text: "Pong!".to_owned()
        }]
    );

    let late = interact(&mut client);
    client.wait(3_000);
    assert_eq!(client.rules(), [Rule::Interaction]);
    assert_eq!(post(&mut client, &late, &answer).1["code"], 10_062);
}
