//! The connection to Redis.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use redis::aio::{ConnectionLike, ConnectionManager, ConnectionManagerConfig};
use redis::io::tcp::TcpSettings;
use redis::{
    Client, Cmd, ErrorKind, IntoConnectionInfo, Pipeline, RedisError, RedisFuture, RedisResult,
    ServerErrorKind, Value,
};

use crate::error::CoordinatorError;
use crate::tls::{self, RedisTls};

/// How Redis is used.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RedisOptions {
    /// What the keys begin with. Default `headcount`. Another one for each bot that shares a Redis.
    pub prefix: String,
    /// How long an answer is waited for, and a connection. Default 2 s.
    pub patience: Duration,
    /// Whom a `rediss://` address trusts. Default: those that the system trusts.
    pub tls: RedisTls,
}

impl Default for RedisOptions {
    fn default() -> Self {
        Self {
            prefix: "headcount".to_owned(),
            patience: Duration::from_secs(2),
            tls: RedisTls::default(),
        }
    }
}

/// A connection that is made anew when it ends, and when nobody or somebody else may be at its
/// other end: after no answer in time, or from a server that is not to be written to any more.
/// Clones share it.
#[derive(Clone)]
pub(crate) struct RedisConnection {
    client: Client,
    config: ConnectionManagerConfig,
    current: Arc<Mutex<Numbered>>,
}

/// The connection of now, and how many there were before it.
#[derive(Clone)]
struct Numbered {
    number: u64,
    manager: ConnectionManager,
}

/// Connects, once.
pub(crate) async fn connect(
    address: &str,
    options: &RedisOptions,
) -> Result<RedisConnection, CoordinatorError> {
    let info = address.into_connection_info();
    let info = info.map_err(CoordinatorError::Address)?;
    let info = info.set_tcp_settings(TcpSettings::default().set_nodelay(true));
    let client = tls::client(info, &options.tls).map_err(CoordinatorError::Tls)?;
    let patience = Some(options.patience);
    let config = ConnectionManagerConfig::new()
        .set_response_timeout(patience)
        .set_connection_timeout(patience)
        .set_max_delay(Duration::from_secs(1))
        .set_number_of_retries(1);
    let manager = ConnectionManager::new_with_config(client.clone(), config.clone());
    let manager = guarded(manager).await?;
    let current = Arc::new(Mutex::new(Numbered { number: 0, manager }));
    Ok(RedisConnection {
        client,
        config,
        current,
    })
}

/// What TLS computes with is the program's choice, and rustls panics where there is none.
async fn guarded<T>(made: impl Future<Output = RedisResult<T>>) -> Result<T, CoordinatorError> {
    let missing = "the process has no default provider of rustls: install one";
    match AssertUnwindSafe(made).catch_unwind().await {
        Ok(made) => made.map_err(CoordinatorError::of),
        Err(_) => Err(CoordinatorError::Tls(
            (ErrorKind::InvalidClientConfig, missing).into(),
        )),
    }
}

impl RedisConnection {
    fn lock(&self) -> MutexGuard<'_, Numbered> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the next one made, unless that was done since this one was current.
    fn renew(&self, number: u64) {
        let mut current = self.lock();
        if current.number == number
            && let Ok(manager) =
                ConnectionManager::new_lazy_with_config(self.client.clone(), self.config.clone())
        {
            let number = number + 1;
            *current = Numbered { number, manager };
        }
    }

    /// What to ask now, and the question that is asked.
    fn ask(&self) -> (ConnectionManager, Question<'_>) {
        let Numbered { number, manager } = self.lock().clone();
        let question = Question {
            connection: self,
            number,
            since: Instant::now(),
            is_answered: false,
        };
        (manager, question)
    }
}

/// A question that waits for its answer. Where it is given up after a good part of the time that it
/// had, nobody may be at the other end.
struct Question<'a> {
    connection: &'a RedisConnection,
    number: u64,
    since: Instant,
    is_answered: bool,
}

impl Question<'_> {
    /// It was answered with this, or this is a part of the answer.
    fn hear(&self, error: &RedisError) {
        if is_for_another(error) {
            self.connection.renew(self.number);
        }
    }
}

impl Drop for Question<'_> {
    fn drop(&mut self) {
        let patience = self.connection.config.response_timeout();
        let is_long = patience.is_some_and(|patience| self.since.elapsed() >= patience / 2);
        if !self.is_answered && is_long {
            self.connection.renew(self.number);
        }
    }
}

impl ConnectionLike for RedisConnection {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        Box::pin(async move {
            let (mut manager, mut question) = self.ask();
            let answer = manager.req_packed_command(command).await;
            question.is_answered = true;
            let answer = answer.and_then(Value::extract_error);
            answer.inspect_err(|error| question.hear(error))
        })
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        commands: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        Box::pin(async move {
            let (mut manager, mut question) = self.ask();
            let answers = manager.req_packed_commands(commands, offset, count).await;
            question.is_answered = true;
            for answer in answers.iter().flatten() {
                if let Value::ServerError(error) = answer {
                    question.hear(&error.clone().into());
                }
            }
            answers.inspect_err(|error| question.hear(error))
        })
    }

    fn get_db(&self) -> i64 {
        self.lock().manager.get_db()
    }
}

/// Whether another connection may fare better.
fn is_for_another(error: &RedisError) -> bool {
    use ServerErrorKind::{MasterDown, NoPerm, ReadOnly, ResponseError};
    // The last two may be of what sets a connection up, which the library would keep.
    let is_of_server = matches!(
        error.kind(),
        ErrorKind::Server(ReadOnly | MasterDown | NoPerm | ResponseError)
    );
    let is_of_set_up = matches!(
        error.kind(),
        ErrorKind::AuthenticationFailed | ErrorKind::Parse
    );
    error.is_timeout() || is_of_server || is_of_set_up
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_up_that_panics_is_an_error() {
        let set_up = guarded(async { panic!("no process-level CryptoProvider") });
        let made: Result<(), _> = set_up.now_or_never().unwrap();
        let error = made.unwrap_err();
        assert!(matches!(error, CoordinatorError::Tls(_)), "{error:?}");
    }
}
