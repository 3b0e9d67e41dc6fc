//! The text of `--help`.

/// What `--help` prints.
pub(crate) const HELP: &str = r#"A simulated chat gateway on loopback for testing bots.

USAGE
    cargo run --release -p headcount-sim --bin gateway -- [OPTIONS]

The first two lines on standard output are the URLs for HTTP and for WebSockets. Then comes one
line for each connection, each HTTP request and each rule that a client breaks. Stop it with Ctrl-C.

THE WORLD
    --port N             port of HTTP and WebSockets on 127.0.0.1; 0 takes a free one [0]
    --guilds N           number of guilds [10]
    --members N          number of members of all guilds together, spread evenly [1000]
    --large N            give the first guild N members instead of its share
    --shards N           number of shards that the gateway recommends [1]
    --seed N             the seed of the world and of everything random [1]
    --token TEXT         the only valid token; another one is close code 4004 [any]
    --granted LIST       the privileged intents that are enabled, of members, presences, content,
                         with commas between, or none; another one is close code 4014 [all]

TALK
    --say TEXT           a member of the first guild says TEXT once a session's guilds have come;
                         can be given several times. The bot answers with
                         POST /channels/CHANNEL/messages, which is checked and shown
    --interact NAME      the same for the use of the command NAME; the answer is
                         POST /interactions/ID/TOKEN/callback, within 3 s

PROTOCOL
    --heartbeat MS       heartbeat interval in milliseconds [41250]
    --gate MS            time between two identifies of a bucket in milliseconds [5000]
    --concurrency N      number of identify buckets (max_concurrency) [1]
    --member-gate MS     time between two full member requests of a guild [30000]
    --replay-events N    how many dispatches a session keeps for a resume [10000]
    --replay-time MS     how long it keeps each in milliseconds; a resume from before what is kept
                         is answered with "invalid session" [300000]
    --heartbeats-trim    a heartbeat's sequence says that nothing up to it is needed again, as to
                         other servers of the protocol; a lower one than before is close code 4007

TRAFFIC
    --traffic N          N events a second of every kind in turn; each has a key "number" in its
                         data that counts from 1 without a gap, for each shard and its intents [0]

FAULTS
    --cut-after N        cut each shard's connection once after N dispatches, with no close frame
    --lose-chunk G:C     lose chunk C of guild number G, both from 0, in one answer; with :always
                         behind it in every answer; can be given several times
    --outage N           the last N guilds are unavailable from the start
    --dead-resume-host   the resume host answers handshakes with HTTP 503
    --resumed-repeats    RESUMED repeats the client's own last sequence
    --invalid-session    answer every resume with "invalid session"
    --close-after MS:CODE  close every connection with CODE, MS milliseconds after the start
    --reconnect-after MS   ask every client to reconnect, MS milliseconds after the start
    --withhold-acks-after MS  stop answering heartbeats, MS milliseconds after the start

TRANSPORT
    --cut-frames WHERE   cut zlib-stream payloads into several messages at random places:
                         "body" spares the flush suffix, "anywhere" does not (some libraries
                         cannot read that)
    --tls FILE           speak TLS; write the throw-away certificate to FILE (PEM)
    --record FILE        write what clients send to FILE as JSON lines, without tokens

    -h, --help           print this text

EXAMPLES
    Say it printed "http http://127.0.0.1:4000" and "ws ws://127.0.0.1:4000".

    hikari        hikari.GatewayBot("MTExMQ.a.b", rest_url="http://127.0.0.1:4000/api/v10")
    discord.py    discord.http.Route.BASE = "http://127.0.0.1:4000/api/v10"
                  discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL("ws://127.0.0.1:4000")
    discord.js    new Client({ intents, rest: { api: "http://127.0.0.1:4000/api" } })
    twilight      ConfigBuilder::new(token, intents).proxy_url("ws://127.0.0.1:4000".into())
                  twilight_http::Client::builder().proxy("127.0.0.1:4000".into(), true)
    headcount     give the URLs above as the base of HTTP requests
    by hand       curl -H "Authorization: Bot token" http://127.0.0.1:4000/api/v10/gateway/bot

    Two shards, one guild with 100 000 members, each shard cut once in the middle:
        gateway --port 4000 --shards 2 --guilds 40 --large 100000 --cut-after 50

    One chunk that never arrives, and a guild in outage:
        gateway --port 4000 --lose-chunk 0:1:always --outage 1
"#;
