//! An operator who knows nothing of the library finds out from the page alone what is not whole,
//! and why.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use headcount_sim::act::Target;
use headcount_sim::{Act, Arrival, Fault, Options, Plan, Trouble, guild_id};
use headcount_tokio::OnStop;
use headcount_tokio::driver::core::{Config, ShardId};

use crate::chromium::Browser;
use crate::scene::{DESK, Scene, options};

const GUILDS: u32 = 24;
const OUTAGE: u32 = 5;
const LOSES: u32 = 8;

/// Where the picture of the page goes, if somebody wants it.
const PICTURE: &str = "HEADCOUNT_BOARD_PICTURE";

fn members(guild: u32) -> u32 {
    match guild {
        LOSES => 2_600,
        other => 3 + other * 211 % 1_900,
    }
}

/// A guild in an outage, and one that never gets a chunk of its members.
fn started() -> Scene {
    let mut world = Plan::sizes((0..GUILDS).map(members));
    world.guilds[OUTAGE as usize].arrival = Arrival::Outage;
    let lost = Trouble::LoseChunk {
        guild: guild_id(LOSES),
        index: 1,
    };
    with(world, vec![Fault::always(lost)])
}

fn with(world: Plan, faults: Vec<Fault>) -> Scene {
    let options = Options {
        faults,
        ..options(world, 2)
    };
    Scene::start(options, |bot| bot)
}

/// Waits until the page says so.
fn verdict(browser: &mut Browser, text: &str) {
    browser.until(text, |page| (page.text("#verdict") == text).then_some(()));
}

/// Why the page says a guild is not whole, once it says so.
fn why(browser: &mut Browser, guild: u32) -> String {
    let id = guild_id(guild).to_string();
    let what = format!("guild {guild}");
    browser.until(&what, |page| {
        let rows = page.rows("guild-table");
        let row = rows.into_iter().find(|row| row[0] == id)?;
        Some(row[1].clone())
    })
}

/// Waits until as many guilds are named as not whole.
fn lacking(browser: &mut Browser, count: usize) {
    browser.until(&format!("{count} guilds"), |page| {
        (page.rows("guild-table").len() == count).then_some(())
    });
}

fn number(text: &str) -> u64 {
    let digits = text
        .chars()
        .filter(char::is_ascii_digit)
        .collect::<String>();
    digits.parse().expect("a number")
}

#[test]
#[ignore = "needs chromium"]
fn what_the_page_shows_at_rest_is_the_servers_own_ledger() {
    let scene = started();
    let mut browser = Browser::open(&scene.board.url(), DESK);
    // While the lost chunk is asked for again, the page says which and how far it is.
    browser.until("chunks", |page| {
        let rows = page.rows("request-table");
        let id = guild_id(LOSES).to_string();
        rows.iter()
            .any(|row| row[0] == id && row[2] == "2 of 3")
            .then_some(())
    });
    verdict(&mut browser, "Ready");
    lacking(&mut browser, 2);
    assert_eq!(why(&mut browser, OUTAGE), "in an outage at the service");
    assert_eq!(
        why(&mut browser, LOSES),
        "chunk 1 of its members never came"
    );
    let [available, members, roles, channels] = scene.server.inspect(|gateway| {
        let guilds = gateway.world().guilds();
        let available = guilds.filter(|guild| guild.is_available());
        available.fold([0; 4], |[guilds, members, roles, channels], guild| {
            [
                guilds + 1,
                members + guild.member_ids().count() as u64,
                roles + guild.role_ids().count() as u64,
                channels + guild.channel_ids().count() as u64,
            ]
        })
    });
    // All but the guild that loses a chunk of a thousand.
    assert_eq!(number(&browser.text("#whole")), available - 1);
    assert_eq!(number(&browser.text("#whole-of")), u64::from(GUILDS));
    assert_eq!(number(&browser.text("#members")), members - 1_000);
    assert_eq!(number(&browser.text("#members-of")), members);
    let cache = browser.rows("cache-table");
    let kinds = [
        ("Guild", available),
        ("Member", members - 1_000),
        ("Role", roles),
        ("Channel", channels),
    ];
    for (kind, count) in kinds {
        let row = cache.iter().find(|row| row[0] == kind).expect(kind);
        assert_eq!(number(&row[1]), count, "{kind}");
    }
    assert_eq!(number(&browser.text("#identifies")), 1_000 - 2);
    assert_eq!(browser.text("#requests-empty"), "None is under way.");
    if let Some(path) = std::env::var_os(PICTURE) {
        std::fs::write(path, browser.picture()).expect("written");
    }
    assert_eq!(browser.complaints(), [] as [serde_json::Value; 0]);
    assert_eq!(scene.server.violations(), []);
}

#[test]
#[ignore = "needs chromium"]
fn an_outage_a_cut_and_a_dead_shard_are_seen_to_come_and_go() {
    let scene = started();
    let mut browser = Browser::open(&scene.board.url(), DESK);
    verdict(&mut browser, "Ready");
    lacking(&mut browser, 2);

    scene.server.act(Act::Outage { guild: guild_id(3) });
    assert_eq!(why(&mut browser, 3), "in an outage at the service");
    scene.server.act(Act::Restore { guild: guild_id(3) });
    lacking(&mut browser, 2);

    scene.server.cut_all();
    verdict(&mut browser, "Not ready: waits for 2 shards");
    let count = "2 when last seen: 2 shards are not up";
    browser.until(count, |page| {
        (page.text("#lacking-count") == count).then_some(())
    });
    let rows = browser.until("a wait", |page| {
        let rows = page.rows("shard-table");
        let waits = rows
            .iter()
            .any(|row| row[2].starts_with("waits for the next try"));
        waits.then_some(rows)
    });
    assert_eq!(rows.len(), 2);
    verdict(&mut browser, "Ready");

    // The shard of the first row after this is the one that is dead.
    let dead = ShardId::new(1, 2);
    scene
        .handle
        .stop_shard(dead, OnStop::Resume)
        .expect("it runs");
    verdict(&mut browser, "Not ready: waits for 1 shard");
    let first = browser.rows("shard-table").remove(0);
    assert_eq!(
        (&*first[0], &*first[1], &*first[2]),
        ("1/2", "halted", "stopped")
    );
    scene.handle.start_shard(dead).expect("it had ended");
    verdict(&mut browser, "Ready");
    assert_eq!(browser.complaints(), [] as [serde_json::Value; 0]);
}

#[test]
#[ignore = "needs chromium"]
fn a_chunk_that_is_lost_once_is_waited_for_and_then_the_guild_is_whole() {
    let lost = Trouble::LoseChunk {
        guild: guild_id(LOSES),
        index: 1,
    };
    let options = Options {
        faults: vec![Fault::once(lost)],
        ..options(Plan::sizes((0..GUILDS).map(members)), 2)
    };
    // Long enough for a browser to start beside others.
    let silence = Duration::from_secs(8);
    let patient = |config: &mut Config| config.tracker.requests.silence = silence;
    let scene = Scene::start(options, |bot| bot.configure(patient));
    let mut browser = Browser::open(&scene.board.url(), DESK);
    let waits = "2 of 3 chunks of members have come";
    browser.until(waits, |page| {
        let rows = page.rows("guild-table");
        let id = guild_id(LOSES).to_string();
        rows.iter()
            .any(|row| row[0] == id && row[1] == waits)
            .then_some(())
    });
    verdict(&mut browser, "Ready");
    lacking(&mut browser, 0);
    assert_eq!(browser.text("#guilds-empty"), "Every guild is whole.");
    assert_eq!(number(&browser.text("#whole")), u64::from(GUILDS));
    let row = browser.rows("shard-table").remove(0);
    assert_eq!(
        row[5],
        format!("{} ready", row[4].split(' ').next().expect("a number"))
    );
    assert!(
        browser.text("#lag").starts_with('\u{2264}'),
        "{}",
        browser.text("#lag")
    );
    assert!(row[7].ends_with('s'), "its lag: {row:?}");
    assert_eq!(browser.complaints(), [] as [serde_json::Value; 0]);
}

#[test]
#[ignore = "needs chromium"]
fn a_shard_that_is_refused_is_told_from_one_that_goes_on() {
    let scene = with(Plan::sizes((0..GUILDS).map(members)), Vec::new());
    let mut browser = Browser::open(&scene.board.url(), DESK);
    verdict(&mut browser, "Ready");
    lacking(&mut browser, 0);
    scene.server.act(Act::Close(Target::Shard(1), 4004));
    verdict(&mut browser, "Not ready: waits for 1 shard");
    let (first, second) = browser.until("a halt", |page| {
        let mut rows = page.rows("shard-table");
        let second = rows.pop()?;
        (rows[0][1] == "halted").then(|| (rows.remove(0), second))
    });
    assert_eq!((&*first[0], &*second[0]), ("1/2", "0/2"));
    let why = scene.handle.shards().find_map(|shard| shard.halt);
    assert_eq!(first[2], why.expect("it has ended").to_string());
    assert_eq!((&*second[1], &*second[2]), ("active", ""));
    let of = browser.text("#whole-of");
    assert_eq!(of, format!("of {GUILDS}, when last seen"));
    let empty = "Every guild was whole when last seen: 1 shard is not up.";
    assert_eq!(browser.text("#guilds-empty"), empty);
    assert_eq!(browser.complaints(), [] as [serde_json::Value; 0]);
}

#[test]
#[ignore = "needs chromium"]
fn a_page_that_is_refused_says_so_and_opens_once_there_is_room() {
    let scene = started();
    let url = scene.board.url();
    let address = url.trim_start_matches("http://").trim_end_matches('/');
    let others: Vec<TcpStream> = (0..32)
        .map(|_| {
            let mut stream = TcpStream::connect(address).expect("a connection");
            let request = format!("GET /events HTTP/1.1\r\nHost: {address}\r\n\r\n");
            stream.write_all(request.as_bytes()).expect("sent");
            let mut answer = [0; 12];
            stream.read_exact(&mut answer).expect("an answer");
            assert_eq!(&answer, b"HTTP/1.1 200");
            stream
        })
        .collect();
    let mut browser = Browser::open(&url, DESK);
    browser.until("a refusal", |page| {
        page.text("#live")
            .starts_with("no events come, as when too many pages are open")
            .then_some(())
    });
    drop(others);
    verdict(&mut browser, "Ready");
    assert_eq!(browser.text("#live"), "live");
}

#[test]
#[ignore = "needs chromium"]
fn a_bot_that_is_gone_is_told_from_one_that_is_well() {
    let scene = started();
    let mut browser = Browser::open(&scene.board.url(), DESK);
    verdict(&mut browser, "Ready");
    drop(scene);
    browser.until("a lost connection", |page| {
        (page.text("#live") == "the bot cannot be reached: this is how it was").then_some(())
    });
    verdict(&mut browser, "Not known");
    assert!(
        browser
            .eval("document.title")
            .to_string()
            .contains("not known")
    );
}

#[test]
#[ignore = "needs chromium"]
fn a_page_that_hears_nothing_says_so_and_asks_anew() {
    let scene = started();
    let mut browser = Browser::open(&scene.board.url(), DESK);
    verdict(&mut browser, "Ready");
    let notes = "window.said = []; \
        new MutationObserver(() => window.said.push(byId('live').textContent)) \
            .observe(byId('live'), { childList: true, characterData: true, subtree: true })";
    browser.eval(&format!("{notes}; 0"));
    browser.until("a bot that says nothing", |page| {
        // As after 30 seconds without a word.
        let said = page.eval("heard -= 30000; window.said.join()").to_string();
        said.contains("the bot says nothing: this is how it was")
            .then_some(())
    });
    verdict(&mut browser, "Ready");
    browser.until("the bot again", |page| {
        (page.text("#live") == "live").then_some(())
    });
    drop(scene);
}
