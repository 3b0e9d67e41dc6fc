//! Long lists in windows, without a mouse, and on a phone.

use headcount_sim::{Arrival, Plan, guild_id};

use crate::chromium::{Browser, Screen};
use crate::scene::{DESK, Scene, options};

/// Guilds in a window of the page.
const WINDOW: usize = 50;

const SHARDS: u32 = 1_000;

/// Ten thousand guilds in an outage.
fn started() -> Scene {
    let mut world = Plan::sizes((0..10_000).map(|_| 1));
    for guild in &mut world.guilds {
        guild.arrival = Arrival::Outage;
    }
    Scene::start(options(world, SHARDS), |bot| bot)
}

/// Moves on by the tabulator until this element has the focus.
fn tab_to(browser: &mut Browser, id: &str) {
    for _ in 0..20 {
        if browser.eval("document.activeElement.id") == id {
            return;
        }
        browser.press("Tab", 9, "");
    }
    panic!("no way to {id}");
}

#[test]
#[ignore = "needs chromium"]
fn ten_thousand_guilds_on_a_thousand_shards_are_paged_by_keyboard_and_drawn_in_windows() {
    let scene = started();
    let mut browser = Browser::open(&scene.board.url(), DESK);
    browser.until("all guilds", |page| {
        let is_all = page.text("#lacking-count") == "10,000";
        (is_all && page.text("#verdict") == "Ready").then_some(())
    });
    let pages: Vec<Vec<String>> = (0..3)
        .map(|at| {
            if at > 0 {
                tab_to(&mut browser, "guilds-next");
                let before = browser.rows("guild-table");
                browser.press("Enter", 13, "\r");
                browser.until("another window", |page| {
                    (page.rows("guild-table")[0][0] != before[0][0]).then_some(())
                });
            }
            let rows = browser.rows("guild-table").into_iter();
            rows.map(|row| row[0].clone()).collect()
        })
        .collect();
    assert!(pages.iter().all(|page| page.len() == WINDOW));
    let shown = pages.concat();
    // Shard by shard, and ascending within each.
    let mut expected: Vec<u64> = (0..10_000).map(guild_id).collect();
    expected.sort_by_key(|guild| ((guild >> 22) % u64::from(SHARDS), *guild));
    let expected: Vec<String> = expected.iter().map(u64::to_string).collect();
    assert_eq!(shown, expected[..3 * WINDOW]);
    assert_eq!(browser.text("#shard-count"), "1,000");
    let shards = browser.rows("shard-table");
    assert_eq!(shards.len(), 25);
    tab_to(&mut browser, "shards-next");
    browser.press("Enter", 13, "\r");
    let others = browser.until("other shards", |page| {
        let rows = page.rows("shard-table");
        (rows[0][0] != shards[0][0]).then_some(rows)
    });
    assert_eq!((others.len(), &*others[0][0]), (25, "25/1000"));
    let elements = browser.eval("document.getElementsByTagName('*').length");
    assert!(elements.as_u64() < Some(1_500), "{elements}");
    assert_eq!(browser.complaints(), [] as [serde_json::Value; 0]);
}

#[test]
#[ignore = "needs chromium"]
fn a_phone_shows_it_without_scrolling_sideways_in_both_themes() {
    let scene = started();
    let phone = |theme| Screen {
        width: 380,
        height: 800,
        theme,
    };
    let mut browser = Browser::open(&scene.board.url(), phone("light"));
    let mut grounds = Vec::new();
    for theme in ["light", "dark"] {
        browser.look_with(phone(theme));
        browser.until("guilds", |page| {
            (page.rows("guild-table").len() == WINDOW).then_some(())
        });
        let width = browser.eval("document.documentElement.scrollWidth");
        assert_eq!(width, 380, "{theme}");
        grounds.push(browser.eval("getComputedStyle(document.documentElement).backgroundColor"));
    }
    assert_ne!(grounds[0], grounds[1]);
    // Each table has a name and headers, and what changes is announced in one place.
    let nameless = "[...document.querySelectorAll('section, [role=region]')].filter((it) => \
        !it.getAttribute('aria-label') && \
        !document.getElementById(it.getAttribute('aria-labelledby'))).length";
    assert_eq!(browser.eval(nameless), 0);
    let headless = "document.querySelectorAll('th:not([scope])').length";
    assert_eq!(browser.eval(headless), 0);
    assert_eq!(
        browser.eval("document.querySelectorAll('[role=status]').length"),
        2
    );
}
