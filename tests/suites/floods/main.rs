//! Bots under attack, on every runtime, each in a process of its own.
#![allow(clippy::tests_outside_test_module, reason = "the whole crate is tests")]
#![allow(clippy::print_stdout, reason = "each prints how much memory it took")]

use headcount_async_std::AsyncStd;
use headcount_sim::attack::{self, Attack, CONTROL, bot};
use headcount_smol::Smol;
use headcount_tokio::Tokio;
use headcount_tokio::driver::Runtime;
use std::process::Command;
use std::time::Duration;

/// How long each flood lasts. `cargo run --bin attacks` lets them last longer.
const TIME: Duration = Duration::from_millis(2_500);

/// A runtime that has an adapter.
trait Tested: Runtime + Default {
    /// Runs the bot that is attacked in this runtime.
    fn run_bot(attacker: &str) -> std::io::Result<()>;
}

impl Tested for Tokio {
    fn run_bot(attacker: &str) -> std::io::Result<()> {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(1).enable_all().build()?;
        runtime.block_on(bot::attend::<Self>(attacker))
    }
}

impl Tested for AsyncStd {
    fn run_bot(attacker: &str) -> std::io::Result<()> {
        async_std::task::block_on(bot::attend::<Self>(attacker))
    }
}

impl Tested for Smol {
    fn run_bot(attacker: &str) -> std::io::Result<()> {
        smol::block_on(bot::attend::<Self>(attacker))
    }
}

/// Attacks a bot that runs in this same program, as this same test: there it finds its attacker.
fn case<R: Tested>(test: &str, attack: &Attack) {
    if let Ok(attacker) = std::env::var(CONTROL) {
        return R::run_bot(&attacker).expect("an attacker");
    }
    let mut bot = Command::new(std::env::current_exe().expect("this program"));
    bot.args(["--exact", test, "--nocapture"]);
    let verdict = attack::run(attack, TIME, &bot).expect("two processes");
    println!("{verdict}");
    assert!(verdict.holds(), "{:?}", verdict.wrong);
}

/// Makes a test of each attack on each runtime.
macro_rules! on_each_runtime {
    ($($attack:ident),+ $(,)?) => {
        on_each_runtime!(@on_tokio: headcount_tokio::Tokio; $($attack)+);
        on_each_runtime!(@on_async_std: headcount_async_std::AsyncStd; $($attack)+);
        on_each_runtime!(@on_smol: headcount_smol::Smol; $($attack)+);

        #[test]
        fn every_attack_is_a_test() {
            let tests = [$(stringify!($attack)),+];
            let attacks = attack::ATTACKS.iter().map(|attack| attack.name);
            assert!(attacks.eq(tests));
        }
    };
    (@$module:ident: $runtime:ty; $($attack:ident)+) => {
        mod $module {
            $(
                #[test]
                fn $attack() {
                    let test = concat!(stringify!($module), "::", stringify!($attack));
                    let attack = headcount_sim::attack::attack(stringify!($attack));
                    super::case::<$runtime>(test, attack.expect("an attack of this name"));
                }
            )+
        }
    };
}

on_each_runtime!(
    pings_to_a_bot_that_cannot_answer,
    large_dispatches_that_nobody_takes,
    endless_replay_that_nobody_takes,
    replay_of_what_is_known,
    flood_before_hello,
    flood_before_ready,
    ready_of_a_million_guilds,
    ready_that_is_too_large,
    a_million_shards,
    as_many_shards_as_there_are_numbers,
    pings,
    empty_fragments,
    messages_that_inflate_to_nothing,
    chat_pings,
    chat_fragments,
    chat_that_nobody_takes,
);
