//! The spans of shards, as a subscriber of the crate `tracing` sees them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use headcount_driver::core::Event;
use headcount_driver::core::session::OnStop;
use serde_json::json;
use tracing::Subscriber;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::Registry;

mod memory;
use memory::begun;

/// The fields of the spans of shards, each with its last value.
#[derive(Clone, Default)]
struct Fields(Arc<Mutex<BTreeMap<String, String>>>);

impl Fields {
    fn get(&self, name: &str) -> Option<String> {
        self.0.lock().expect("whole").get(name).cloned()
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let mut fields = self.0.lock().expect("whole");
        fields.insert(field.name().to_owned(), format!("{value:?}"));
    }
}

impl<S: Subscriber> Layer<S> for Fields {
    fn on_new_span(&self, attributes: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        if attributes.metadata().name() == "shard" {
            attributes.record(&mut self.clone());
        }
    }

    fn on_record(&self, _: &Id, record: &Record<'_>, _: Context<'_, S>) {
        record.record(&mut self.clone());
    }
}

#[tokio::test(start_paused = true)]
async fn the_span_of_a_shard_has_its_numbers_and_the_digest_of_its_session() {
    let fields = Fields::default();
    let subscriber = Registry::default().with(fields.clone());
    let _guard = tracing::subscriber::set_default(subscriber);
    let (mut bot, mut gateway) = begun().await;
    gateway.dispatch("TYPING_START", json!({})).await;
    let session = loop {
        let event = bot.next().await.expect("it runs");
        if let (Event::Dispatch(_), Some(at)) = (event.event, event.position) {
            break at.session;
        }
    };
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(fields.get("number").as_deref(), Some("0"));
    assert_eq!(fields.get("total").as_deref(), Some("1"));
    assert_eq!(fields.get("session"), Some(session.to_string()));
    tokio::spawn(async move { gateway.closed().await });
    bot.shutdown(OnStop::End).await.expect("it ends");
}
