//! The connection to Redis.

use std::time::Duration;

use redis::Client;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};

use crate::error::CoordinatorError;

/// How Redis is used.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RedisOptions {
    /// What the keys begin with. Default `headcount`. Another one for each bot that shares a Redis.
    pub prefix: String,
    /// How long an answer is waited for, and a connection. Default 2 s.
    pub patience: Duration,
}

impl Default for RedisOptions {
    fn default() -> Self {
        Self {
            prefix: "headcount".to_owned(),
            patience: Duration::from_secs(2),
        }
    }
}

/// Connects, once; the connection is made anew when it ends.
pub(crate) async fn connect(
    address: &str,
    patience: Duration,
) -> Result<ConnectionManager, CoordinatorError> {
    let client = Client::open(address).map_err(CoordinatorError::Address)?;
    let patience = Some(patience);
    let config = ConnectionManagerConfig::new()
        .set_response_timeout(patience)
        .set_connection_timeout(patience)
        .set_max_delay(Duration::from_secs(1))
        .set_number_of_retries(1);
    ConnectionManager::new_with_config(client, config)
        .await
        .map_err(CoordinatorError::of)
}
