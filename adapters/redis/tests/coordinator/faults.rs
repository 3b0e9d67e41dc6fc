//! A Redis that is down, full, read only, closed to a user, slow, back again or empty.

use std::time::Duration;

use headcount_core::fleet::lease::{Expected, LeaseKey, ProcessId, Swap, Swapped};
use headcount_redis::{Coordinator, CoordinatorError, RedisOptions};

use crate::proxy::Proxy;
use crate::server::Server;

fn swap(expected: Expected) -> Swap {
    Swap {
        ticket: 1,
        key: LeaseKey::Processes,
        expected,
        holder: ProcessId::new(7),
        floor: 0,
        lease: Duration::from_secs(10),
        value: Some(vec![1; 100].into()),
        with_value: true,
    }
}

async fn open(server: &Server) -> Coordinator {
    open_at(&server.address()).await
}

async fn open_at(address: &str) -> Coordinator {
    let mut options = RedisOptions::default();
    options.patience = Duration::from_millis(300);
    Coordinator::open_with(address, options).await.unwrap()
}

/// Swaps until there is an answer.
async fn swap_until_answered(redis: &Coordinator, swap: &Swap) -> Swapped {
    loop {
        match redis.swap(swap).await {
            Ok(swapped) => return swapped,
            Err(_) => tokio::task::yield_now().await,
        }
    }
}

#[tokio::test]
async fn a_redis_that_is_killed_is_unreachable_and_back_with_what_it_had_written() {
    let options = ["--appendonly", "yes", "--appendfsync", "always"];
    let Some(mut server) = Server::for_test(&options) else {
        return;
    };
    let redis = open(&server).await;
    let Swapped::Done(entry) = redis.swap(&swap(Expected::Nothing)).await.unwrap() else {
        panic!("nothing was there");
    };
    server.kill().unwrap();
    let down = redis.swap(&swap(Expected::Never)).await;
    assert!(
        matches!(down, Err(CoordinatorError::Unreachable(_))),
        "{down:?}"
    );
    assert!(server.run().unwrap());
    let found = swap_until_answered(&redis, &swap(Expected::Never)).await;
    assert_eq!(found, Swapped::Refused(Some(entry)));
}

#[tokio::test]
async fn a_redis_without_its_data_answers_that_there_is_nothing() {
    let Some(mut server) = Server::for_test(&[]) else {
        return;
    };
    let redis = open(&server).await;
    redis.swap(&swap(Expected::Nothing)).await.unwrap();
    server.kill().unwrap();
    assert!(server.run().unwrap());
    let found = swap_until_answered(&redis, &swap(Expected::Never)).await;
    assert_eq!(found, Swapped::Refused(None));
    let done = swap_until_answered(&redis, &swap(Expected::Nothing)).await;
    assert!(
        matches!(done, Swapped::Done(_)),
        "its scripts are gone too: {done:?}"
    );
}

#[tokio::test]
async fn a_redis_that_is_full_or_a_replica_takes_no_writes_and_is_looked_at() {
    let Some(server) = Server::for_test(&[]) else {
        return;
    };
    let redis = open(&server).await;
    let Swapped::Done(entry) = redis.swap(&swap(Expected::Nothing)).await.unwrap() else {
        panic!("nothing was there");
    };
    let looks = || async {
        let found = redis.swap(&swap(Expected::Never)).await.unwrap();
        assert_eq!(found, Swapped::Refused(Some(entry.clone())));
    };
    let again = swap(Expected::Written(entry.epoch));
    server
        .ask::<redis::Value>(&["CONFIG", "SET", "maxmemory", "1"])
        .unwrap();
    let full = redis.swap(&again).await;
    assert!(
        matches!(full, Err(CoordinatorError::Refused(_))),
        "{full:?}"
    );
    looks().await;
    server
        .ask::<redis::Value>(&["CONFIG", "SET", "maxmemory", "0"])
        .unwrap();
    server
        .ask::<redis::Value>(&["CONFIG", "SET", "replica-read-only", "yes"])
        .unwrap();
    server
        .ask::<redis::Value>(&["REPLICAOF", "127.0.0.1", "1"])
        .unwrap();
    let replica = redis.swap(&again).await;
    assert!(
        matches!(replica, Err(CoordinatorError::Refused(_))),
        "{replica:?}"
    );
    looks().await;
    server
        .ask::<redis::Value>(&["REPLICAOF", "NO", "ONE"])
        .unwrap();
    let done = redis.swap(&again).await;
    assert!(matches!(done, Ok(Swapped::Done(_))), "{done:?}");
}

#[tokio::test]
async fn a_redis_that_does_not_answer_is_not_waited_for() {
    let Some(server) = Server::for_test(&[]) else {
        return;
    };
    let redis = open(&server).await;
    redis.swap(&swap(Expected::Nothing)).await.unwrap();
    server
        .ask::<redis::Value>(&["CLIENT", "PAUSE", "60000", "ALL"])
        .unwrap();
    let slow = redis.swap(&swap(Expected::Never)).await;
    assert!(matches!(slow, Err(CoordinatorError::TimedOut)), "{slow:?}");
}

#[tokio::test]
async fn a_user_needs_no_more_than_the_documentation_says() {
    let Some(server) = Server::for_test(&[]) else {
        return;
    };
    let user = ["ACL", "SETUSER", "bot", "on", ">secret", "~{headcount}:*"];
    let may = ["+evalsha", "+script|load", "+hmget", "+hset", "+time"];
    server
        .ask::<redis::Value>(&[&user[..], &may].concat())
        .unwrap();
    let address = server.address().replace("//", "//bot:secret@");
    let redis = Coordinator::open(&address).await.unwrap();
    assert!(!format!("{redis:?}").contains("secret"));
    let done = redis.swap(&swap(Expected::Nothing)).await;
    assert!(matches!(done, Ok(Swapped::Done(_))), "{done:?}");
}

/// As where a host is gone, or what lies between has forgotten the connection.
#[tokio::test]
async fn a_connection_that_says_nothing_any_more_is_made_anew() {
    let Some(server) = Server::for_test(&[]) else {
        return;
    };
    let proxy = Proxy::to(server.port()).await.unwrap();
    let redis = open_at(&proxy.address()).await;
    let Swapped::Done(entry) = redis.swap(&swap(Expected::Nothing)).await.unwrap() else {
        panic!("nothing was there");
    };
    proxy.cut();
    let silent = redis.swap(&swap(Expected::Never)).await;
    assert!(
        matches!(silent, Err(CoordinatorError::TimedOut)),
        "{silent:?}"
    );
    let found = redis.swap(&swap(Expected::Never)).await.unwrap();
    assert_eq!(found, Swapped::Refused(Some(entry.clone())));
    // Who asks may be less patient than the connection.
    proxy.cut();
    let impatient = Duration::from_millis(200);
    let silent = tokio::time::timeout(impatient, redis.swap(&swap(Expected::Never))).await;
    assert!(silent.is_err());
    let found = redis.swap(&swap(Expected::Never)).await.unwrap();
    assert_eq!(found, Swapped::Refused(Some(entry)));
}

/// The address leads to another server, as after a planned change of the primary.
#[tokio::test]
async fn a_server_that_has_become_a_replica_is_left_for_the_one_at_its_address() {
    let (Some(old), Some(new)) = (Server::for_test(&[]), Server::for_test(&[])) else {
        return;
    };
    let proxy = Proxy::to(old.port()).await.unwrap();
    let redis = open_at(&proxy.address()).await;
    let Swapped::Done(entry) = redis.swap(&swap(Expected::Nothing)).await.unwrap() else {
        panic!("nothing was there");
    };
    proxy.lead_to(new.port());
    old.ask::<()>(&["REPLICAOF", "127.0.0.1", "1"]).unwrap();
    let refused = redis.swap(&swap(Expected::Written(entry.epoch))).await;
    assert!(
        matches!(refused, Err(CoordinatorError::Refused(_))),
        "{refused:?}"
    );
    let done = redis.swap(&swap(Expected::Nothing)).await.unwrap();
    assert!(matches!(done, Swapped::Done(_)), "{done:?}");
}

/// The user is unknown for a while, or may do less, as where Redis is set up after it has begun.
#[tokio::test]
async fn a_user_who_was_not_let_in_is_let_in_once_redis_knows_it() {
    let user = ["ACL", "SETUSER", "bot", "on", ">secret", "~*", "+@all"];
    for (database, early) in [("", None), ("/1", Some([&user[..], &["-select"]].concat()))] {
        let Some(mut server) = Server::for_test(&[]) else {
            return;
        };
        server.ask::<()>(&user).unwrap();
        let address = server.address().replace("//", "//bot:secret@") + database;
        let redis = open_at(&address).await;
        server.kill().unwrap();
        assert!(server.run().unwrap());
        if let Some(early) = early {
            server.ask::<()>(&early).unwrap();
        }
        let refused = loop {
            match redis.swap(&swap(Expected::Nothing)).await {
                Err(CoordinatorError::Unreachable(_)) => tokio::task::yield_now().await,
                other => break other,
            }
        };
        use CoordinatorError::{Forbidden, Other};
        let is_refused = matches!(refused, Err(Forbidden(_) | Other(_)));
        assert!(is_refused, "{refused:?}");
        server
            .ask::<()>(&[&user[..], &["+select"]].concat())
            .unwrap();
        let done = redis.swap(&swap(Expected::Nothing)).await.unwrap();
        assert!(matches!(done, Swapped::Done(_)), "{done:?}");
    }
}

#[tokio::test]
async fn an_error_names_its_cause_and_no_password() {
    let free = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let closed = format!("redis://bot:secret@{}", free.local_addr().unwrap());
    drop(free);
    let down = Coordinator::open(&closed).await.unwrap_err();
    assert!(matches!(down, CoordinatorError::Unreachable(_)), "{down:?}");
    let none = Coordinator::open("redis://bot:secret@:x")
        .await
        .unwrap_err();
    assert!(matches!(none, CoordinatorError::Address(_)), "{none:?}");
    let mut errors = vec![down, none];
    if let Some(server) = Server::for_test(&[]) {
        let stranger = server.address().replace("//", "//bot:secret@");
        let refused = Coordinator::open(&stranger).await.unwrap_err();
        assert!(
            matches!(refused, CoordinatorError::Forbidden(_)),
            "{refused:?}"
        );
        errors.push(refused);
    }
    for error in errors {
        let (text, all) = (error.to_string(), format!("{error:?}"));
        assert!(text.contains(": "), "{text}");
        assert!(!text.contains("secret") && !all.contains("secret"), "{all}");
    }
}
