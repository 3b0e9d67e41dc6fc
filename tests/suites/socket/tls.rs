//! A bot over TLS, for HTTP and for the gateway.

use std::sync::Arc;

use headcount_sim::Plan;
use headcount_sim::server::{Certificate, ServerConfig};
use headcount_tokio::driver::core::session::OnStop;
use headcount_tokio::{Compression, ErrorKind};

use crate::bot::{builder, options, ready};
use crate::runtimes::{Tested, on_each_runtime, serve};

on_each_runtime!(
    tls_for_who_trusts_the_certificate,
    tls_is_refused_without_trust
);

pub(crate) fn secure() -> ServerConfig {
    ServerConfig {
        tls: true,
        ..ServerConfig::default()
    }
}

/// A configuration that trusts this certificate and no other.
pub(crate) fn trusting(certificate: &Certificate) -> Arc<rustls::ClientConfig> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate.der().clone()).expect("a certificate");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("TLS 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}

async fn tls_for_who_trusts_the_certificate<R: Tested>() {
    for compression in [
        Compression::None,
        Compression::ZlibStream,
        Compression::ZstdStream,
    ] {
        let server = serve(options(Plan::sizes([1_200, 20])), 1, secure()).await;
        let trusted = trusting(server.certificate().expect("it speaks TLS"));
        let bot = builder::<R>(&server).tls(trusted).compression(compression);
        let mut bot = bot.connect().await.expect("started");
        ready(&mut bot).await;
        bot.shutdown(OnStop::End).await.expect("it ends");
        assert_eq!(server.violations(), []);
    }
}

async fn tls_is_refused_without_trust<R: Tested>() {
    let server = serve(options(Plan::even(1, 5)), 1, secure()).await;
    let error = builder::<R>(&server)
        .connect()
        .await
        .expect_err("nobody vouches for it");
    assert_eq!(error.kind(), ErrorKind::Tls);
}
