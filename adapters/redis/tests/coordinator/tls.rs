//! Leases and rows over TLS, with certificates that each test makes for itself.

use std::fs;
use std::time::Duration;

use headcount_core::cache::{AsyncStore, GuildStatus, Mutation, Op};
use headcount_core::fleet::lease::{LeaseKey, Swapped};
use headcount_core::id::GuildId;
use headcount_redis::{
    Coordinator, CoordinatorError, RedisOptions, RowReader, RowStore, RowsError,
};
use tempfile::TempDir;

use crate::server::Server;
use crate::table::first_swap;

/// A certificate for this machine, and its key.
struct Made {
    certificate: String,
    key: String,
}

fn made() -> Made {
    let names = ["127.0.0.1".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    Made {
        certificate: made.cert.pem(),
        key: made.signing_key.serialize_pem(),
    }
}

/// A server with this certificate, which asks others for one if it is to (`yes` or `no`), and knows
/// the user `bot` with the password `secret`, who may do what leases and rows need.
fn secure(own: &Made, asks: &str, folder: &TempDir) -> Option<Server> {
    let (certificate, key) = (folder.path().join("it.pem"), folder.path().join("key.pem"));
    fs::write(&certificate, &own.certificate).unwrap();
    fs::write(&key, &own.key).unwrap();
    let (certificate, key) = (certificate.to_str().unwrap(), key.to_str().unwrap());
    let files = ["--tls-cert-file", certificate, "--tls-key-file", key];
    let asks = [
        "--tls-ca-cert-file",
        certificate,
        "--tls-auth-clients",
        asks,
    ];
    let user = ["--user", "bot", "on", ">secret", "~{headcount*"];
    let leases = ["+evalsha", "+script|load", "+hmget", "+hset", "+time"];
    let rows = ["+hget", "+hsetnx", "+hdel", "+hincrby", "+sadd", "+hgetall"];
    let options = [&files[..], &asks, &user, &leases, &rows].concat();
    Server::tls_for_test(&options)
}

/// What trusts this certificate alone.
fn trusting(roots: &Made) -> RedisOptions {
    let mut options = RedisOptions::default();
    options.patience = Duration::from_secs(5);
    options.tls.roots = Some(roots.certificate.clone().into_bytes());
    options
}

async fn leases_and_rows() {
    let (own, folder) = (made(), tempfile::tempdir().unwrap());
    let Some(server) = secure(&own, "no", &folder) else {
        return;
    };
    let address = server.address().replace("//", "//bot:secret@");
    let redis = Coordinator::open_with(&address, trusting(&own))
        .await
        .unwrap();
    let done = redis.swap(&first_swap(LeaseKey::Processes)).await;
    assert!(matches!(done, Ok(Swapped::Done(_))), "{done:?}");
    let rows = RowStore::open_with(&address, trusting(&own)).await.unwrap();
    let guild = GuildId::new(1).unwrap();
    let comes = Mutation::new(Some(guild)).with(Op::SetStatus(GuildStatus::Available));
    rows.apply(&comes).await.unwrap();
    let reader = RowReader::open_with(&address, trusting(&own))
        .await
        .unwrap();
    assert!(reader.guild(guild).await.unwrap().is_some());
}

async fn another_certificate_is_refused() {
    let (own, folder) = (made(), tempfile::tempdir().unwrap());
    let Some(server) = secure(&own, "no", &folder) else {
        return;
    };
    let address = server.address().replace("//", "//bot:secret@");
    let refused = Coordinator::open_with(&address, trusting(&made())).await;
    let refused = refused.unwrap_err();
    assert!(matches!(refused, CoordinatorError::Tls(_)), "{refused:?}");
    let text = refused.to_string();
    assert!(
        text.starts_with("there is no secure connection to Redis: "),
        "{text}"
    );
    assert!(
        text.contains("certificate") && !text.contains("secret"),
        "{text}"
    );
    let rows = RowStore::open_with(&address, trusting(&made())).await;
    let is_tls = matches!(rows, Err(RowsError::NoAnswer(CoordinatorError::Tls(_))));
    assert!(is_tls, "{rows:?}");
    let mut none = trusting(&own);
    none.tls.roots = Some(b"-----BEGIN CERTIFICATE-----\nx".to_vec());
    let unread = Coordinator::open_with(&address, none).await.unwrap_err();
    assert!(matches!(unread, CoordinatorError::Tls(_)), "{unread:?}");
    // It is none that the system trusts.
    assert!(Coordinator::open(&address).await.is_err());
}

async fn a_server_that_asks_for_a_certificate_is_shown_one() {
    let (own, folder) = (made(), tempfile::tempdir().unwrap());
    let Some(server) = secure(&own, "yes", &folder) else {
        return;
    };
    let without = trusting(&own);
    let refused = Coordinator::open_with(&server.address(), without.clone()).await;
    assert!(refused.is_err());
    let mut with = without;
    let identity = (own.certificate.into_bytes(), own.key.into_bytes());
    with.tls.identity = Some(identity);
    assert!(!format!("{with:?}").contains("KEY"), "{with:?}");
    let redis = Coordinator::open_with(&server.address(), with)
        .await
        .unwrap();
    let done = redis.swap(&first_swap(LeaseKey::Processes)).await;
    assert!(matches!(done, Ok(Swapped::Done(_))), "{done:?}");
}

mod on_tokio {
    #[tokio::test]
    async fn leases_and_rows_go_over_tls() {
        super::leases_and_rows().await;
    }

    #[tokio::test]
    async fn a_certificate_that_is_not_trusted_is_refused_in_clear_words() {
        super::another_certificate_is_refused().await;
    }

    #[tokio::test]
    async fn a_server_that_asks_for_a_certificate_is_shown_one() {
        super::a_server_that_asks_for_a_certificate_is_shown_one().await;
    }
}

mod on_smol {
    #[test]
    fn leases_and_rows_go_over_tls() {
        smol::block_on(super::leases_and_rows());
    }

    #[test]
    fn a_certificate_that_is_not_trusted_is_refused_in_clear_words() {
        smol::block_on(super::another_certificate_is_refused());
    }

    #[test]
    fn a_server_that_asks_for_a_certificate_is_shown_one() {
        smol::block_on(super::a_server_that_asks_for_a_certificate_is_shown_one());
    }
}
