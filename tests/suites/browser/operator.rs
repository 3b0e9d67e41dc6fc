//! An operator who knows nothing of the library finds out from the page alone what is not whole,
//! and why.

use headcount_sim::{Act, Arrival, Fault, Plan, Trouble, guild_id};
use headcount_tokio::OnStop;
use headcount_tokio::driver::core::ShardId;

use crate::chromium::Browser;
use crate::scene::{DESK, Scene, options};

const GUILDS: u32 = 24;
const OUTAGE: u32 = 5;
const LOSES: u32 = 8;

/// Where the picture of the page goes, if somebody wants it.
const PICTURE: &str = "HEADCOUNT_BOARD_PICTURE";

fn started() -> Scene {
    let members = |guild| match guild {
        LOSES => 2_600,
        other => 3 + other * 211 % 1_900,
    };
    let mut world = Plan::sizes((0..GUILDS).map(members));
    world.guilds[OUTAGE as usize].arrival = Arrival::Outage;
    let mut options = options(world, 2);
    options.faults = vec![Fault::always(Trouble::LoseChunk {
        guild: guild_id(LOSES),
        index: 1,
    })];
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
    let (available, members) = scene.server.inspect(|gateway| {
        let guilds = gateway
            .world()
            .guilds()
            .filter(|guild| guild.is_available());
        let sizes = guilds.map(|guild| guild.member_ids().count());
        let sizes: Vec<usize> = sizes.collect();
        (sizes.len(), sizes.iter().sum::<usize>())
    });
    // All but the guild that loses a chunk of a thousand.
    assert_eq!(number(&browser.text("#whole")), available as u64 - 1);
    assert_eq!(number(&browser.text("#whole-of")), u64::from(GUILDS));
    assert_eq!(number(&browser.text("#members")), members as u64 - 1_000);
    assert_eq!(number(&browser.text("#members-of")), members as u64);
    let cache = browser.rows("cache-table");
    let row = cache
        .iter()
        .find(|row| row[0] == "Member")
        .expect("members");
    assert_eq!(number(&row[1]), members as u64 - 1_000);
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
fn a_bot_that_is_gone_is_told_from_one_that_is_well() {
    let scene = started();
    let mut browser = Browser::open(&scene.board.url(), DESK);
    verdict(&mut browser, "Ready");
    drop(scene);
    browser.until("a lost connection", |page| {
        (page.text("#live") == "the bot cannot be reached: this is how it was").then_some(())
    });
}
