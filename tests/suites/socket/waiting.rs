//! Waiting beside the loop that takes the events, on every runtime.

use std::time::Duration;

use headcount_sim::server::ServerConfig;
use headcount_sim::{Act, Plan, guild_id};
use headcount_tokio::BotEvent;
use headcount_tokio::driver::WaitError;
use headcount_tokio::driver::core::chunk::FinishReason;
use headcount_tokio::driver::core::id::{GuildId, UserId};
use headcount_tokio::driver::core::interest::Filter;
use headcount_tokio::driver::core::wire::Name;

use crate::bot::{SLACK, builder, options};
use crate::runtimes::{Tested, on_each_runtime, serve};

async fn what_is_waited_for_comes_while_a_task_takes_the_events<R: Tested>() {
    let server = serve(options(Plan::even(2, 1_200)), 3, ServerConfig::default()).await;
    let mut bot = builder::<R>(&server).connect().await.expect("started");
    let handle = bot.handle();
    let ready = handle.ready();
    R::default().spawn(async move { while let Some(BotEvent { .. }) = bot.next().await {} });
    assert_eq!(ready.await.expect("ready").ready, 1);

    let id = guild_id(1);
    let guild = GuildId::new(id).expect("not zero");
    let set_up = handle.guild_ready(guild).await.expect("it is there");
    assert_eq!(set_up.members.received, 1_200);
    let finished = handle.members(guild).await.expect("it has ended");
    assert_eq!(
        (finished.reason, finished.members),
        (FinishReason::Complete, 1_200)
    );

    let author = server.inspect(|gateway| {
        let guild = gateway.world().guild(id);
        guild
            .and_then(|guild| guild.member_at(7))
            .expect("a member")
    });
    let user = UserId::new(author).expect("not zero");
    let message = Filter::named(Name::MessageCreate)
        .in_guild(guild)
        .of_user(user);
    let heard = handle.wait_for(message.clone(), SLACK);
    server.act(Act::Message { guild: id, author });
    let heard = heard.await.expect("it came").event.subject();
    assert_eq!((heard.guild, heard.user), (Some(guild), Some(user)));
    let nothing = handle.wait_for(message, Duration::from_millis(50)).await;
    assert_eq!(nothing.expect_err("silence"), WaitError::Elapsed);
}

on_each_runtime!(what_is_waited_for_comes_while_a_task_takes_the_events);
