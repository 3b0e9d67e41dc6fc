//! Shard managers of the user's that misbehave: their own connections end, and no others.

use std::sync::{Arc, Mutex};

use headcount_sim::twitch::{TwitchOptions, TwitchServer, TwitchServerConfig};
use headcount_tokio::ChatEvent;
use headcount_tokio::driver::core::manager::{
    Distributed, Manager, Options, Plan, Refusal, Single,
};
use headcount_tokio::driver::core::twitch::{Account, ManagerKey, PoolEvent, Room};
use headcount_tokio::driver::{Chat, ChatHandle};

use crate::runtimes::{Tested, beside, on_each_runtime};

on_each_runtime! {
    a_manager_that_panics_ends_and_the_others_go_on,
    a_manager_that_calls_back_is_refused,
    a_look_at_a_roster_inside_the_pool_is_refused,
}

/// Calls a handle, if there is one, and panics, when it is to place this room.
struct Touchy {
    fatal: Room,
    inner: Distributed,
    handle: Arc<Mutex<Option<ChatHandle>>>,
}

impl Manager<Room> for Touchy {
    fn assign(
        &mut self,
        plan: &mut Plan<'_, Room>,
        room: &Room,
        initial: bool,
    ) -> Result<(), Refusal<Room>> {
        if *room == self.fatal {
            let handle = self.handle.lock().expect("whole").clone();
            let is_joined = handle.map(|handle| handle.is_joined(handle.managers()[0], *room));
            panic!("no place for {room:?}: {is_joined:?}");
        }
        self.inner.assign(plan, room, initial)
    }
}

fn room(name: &str) -> Room {
    Room::new(name).expect("a name")
}

async fn until<R: Tested, T>(
    chat: &mut Chat<R>,
    mut wanted: impl FnMut(&ChatEvent) -> Option<T>,
) -> T {
    loop {
        let event = chat.next().await.expect("the chat goes on");
        if let Some(found) = wanted(&event) {
            return found;
        }
    }
}

async fn joined<R: Tested>(chat: &mut Chat<R>, wanted: Room) {
    until(chat, |event| match event {
        ChatEvent::Pool(PoolEvent::Joined { room, .. }) => (*room == wanted).then_some(()),
        _ => None,
    })
    .await;
}

struct Case<R: Tested> {
    chat: Chat<R>,
    touchy: ManagerKey,
    other: ManagerKey,
    handle: Arc<Mutex<Option<ChatHandle>>>,
    server: TwitchServer,
}

/// A chat of two managers, one of them touchy, each with a room that is joined.
async fn started<R: Tested>() -> Case<R> {
    let config = TwitchServerConfig {
        speed: 10,
        ..TwitchServerConfig::default()
    };
    let server = TwitchServer::start(TwitchOptions::default(), 1, config);
    let server = beside(server).await.expect("ports");
    let mut builder = Chat::<R>::builder().url(server.ws_url());
    let account = builder.account(Account::anonymous());
    let handle = Arc::new(Mutex::new(None));
    let place = Arc::clone(&handle);
    let make = |_: &Options| Touchy {
        fatal: room("fatal"),
        inner: Distributed::default(),
        handle: place,
    };
    let rooms = [room("ann")];
    let touchy = builder.manager(account, Options::default(), rooms, make);
    let make = |_: &Options| Single;
    let other = builder.manager(account, Options::default(), [room("bob")], make);
    let (touchy, other) = (touchy.expect("it fits"), other.expect("it fits"));
    let mut chat = builder.start().expect("a good URL");
    let mut left = vec![room("ann"), room("bob")];
    until(&mut chat, |event| {
        if let ChatEvent::Pool(PoolEvent::Joined { room, .. }) = event {
            left.retain(|other| other != room);
        }
        left.is_empty().then_some(())
    })
    .await;
    Case {
        chat,
        touchy,
        other,
        handle,
        server,
    }
}

/// Assigns the fatal room, and gives back what the manager's panic said.
async fn fail<R: Tested>(case: &mut Case<R>) -> String {
    let handle = case.chat.handle();
    let refused = handle.assign(case.touchy, room("fatal"));
    assert!(matches!(refused, Err(Refusal::Other(_))), "{refused:?}");
    let failed = until(&mut case.chat, |event| match event {
        ChatEvent::ManagerFailed { manager, error } => Some((*manager, error.to_string())),
        _ => None,
    });
    let (manager, error) = failed.await;
    assert_eq!(manager, case.touchy);
    error
}

async fn a_manager_that_panics_ends_and_the_others_go_on<R: Tested>() {
    let mut case = started::<R>().await;
    let error = fail(&mut case).await;
    assert!(error.contains("no place for"), "{error}");
    let ended = until(&mut case.chat, |event| match event {
        ChatEvent::Pool(PoolEvent::Ended { manager }) => Some(*manager),
        _ => None,
    });
    assert_eq!(ended.await, case.touchy);
    let handle = case.chat.handle();
    let refused = handle.start(case.touchy);
    assert!(matches!(refused, Err(Refusal::Other(_))), "{refused:?}");
    handle.assign(case.other, room("cid")).expect("another one");
    joined(&mut case.chat, room("cid")).await;
    case.chat.shutdown().await;
    assert_eq!(case.server.violations(), []);
}

async fn a_manager_that_calls_back_is_refused<R: Tested>() {
    let mut case = started::<R>().await;
    *case.handle.lock().expect("whole") = Some(case.chat.handle());
    let error = fail(&mut case).await;
    assert!(error.contains("inside of the pool"), "{error}");
}

async fn a_look_at_a_roster_inside_the_pool_is_refused<R: Tested>() {
    let mut case = started::<R>().await;
    let (handle, other) = (case.chat.handle(), case.other);
    let inner: [fn(&ChatHandle, ManagerKey); 3] = [
        |handle, key| assert!(handle.roster(key, |_| ()).is_none()),
        |handle, key| assert!(!handle.is_joined(key, room("ann"))),
        |handle, key| handle.stop(key).expect("it runs"),
    ];
    for call in inner {
        let handle = handle.clone();
        let nested = move || handle.clone().roster(other, |_| call(&handle, other));
        let refused = std::thread::spawn(nested).join().expect_err("refused");
        let message = refused.downcast_ref::<String>().expect("a message");
        assert!(message.contains("inside of the pool"), "{message}");
    }
    handle.assign(other, room("cid")).expect("it goes on");
    joined(&mut case.chat, room("cid")).await;
}
