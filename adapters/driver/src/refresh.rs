//! Asking the service anew how many identifies are left.

use std::collections::BTreeSet;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::future::BoxFuture;
use headcount_core::{Instant, ShardId, Token};

use crate::{Api, Error, GatewayInfo, Runtime};

/// For so long an answer counts as new.
const NEW: Duration = Duration::from_secs(60);

/// It is asked for so often at least: the budget is one of a day.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// For so long shards that want to identify wait for an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// The shards that wait for an answer before they queue for an identify.
#[derive(Debug, Default)]
pub(crate) struct Askers {
    waiting: BTreeSet<ShardId>,
    /// When the service was asked last; `None` if it is not to be asked.
    asked_at: Option<Instant>,
}

impl Askers {
    /// `asked_at` is `None` if the service is not to be asked.
    pub(crate) fn new(asked_at: Option<Instant>) -> Self {
        Self {
            waiting: BTreeSet::new(),
            asked_at,
        }
    }

    /// A shard wants to identify. Whether it has to wait for an answer first.
    pub(crate) fn wait(&mut self, now: Instant, id: ShardId) -> bool {
        let is_old = self.asked_at.is_some_and(|at| now.since(at) >= NEW);
        if is_old {
            self.waiting.insert(id);
        }
        is_old
    }

    /// When to ask the service at the latest.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let at = self.asked_at?;
        Some(match self.waiting.is_empty() {
            true => at.after(DAY),
            false => at,
        })
    }

    /// The service has answered, or not in time: the shards that waited for it.
    pub(crate) fn answered(&mut self, now: Instant) -> BTreeSet<ShardId> {
        self.asked_at = Some(now);
        std::mem::take(&mut self.waiting)
    }
}

/// Whom to ask, and the question that is under way.
pub(crate) struct Refresh<R> {
    runtime: R,
    source: Option<(Api, Token)>,
    question: Option<BoxFuture<'static, Result<GatewayInfo, Error>>>,
}

impl<R: Runtime> Refresh<R> {
    /// Without a source nobody is ever asked.
    pub(crate) const fn new(runtime: R, source: Option<(Api, Token)>) -> Self {
        Self {
            runtime,
            source,
            question: None,
        }
    }

    /// Another one that asks the same.
    pub(crate) fn another(&self) -> Self {
        Self::new(self.runtime.clone(), self.source.clone())
    }

    /// Whether there is somebody to ask.
    pub(crate) const fn is_possible(&self) -> bool {
        self.source.is_some()
    }

    /// Asks once `deadline` has come, which is that of the [askers](Askers::deadline). Whoever
    /// waits for it sets an alarm as long as nothing is [asked](Self::is_asking).
    pub(crate) fn poll(
        &mut self,
        now: Instant,
        cx: &mut Context<'_>,
        deadline: Option<Instant>,
    ) -> Poll<Result<GatewayInfo, Error>> {
        if self.question.is_none() && deadline.is_some_and(|at| at <= now) {
            self.question = self.ask();
        }
        let Some(question) = &mut self.question else {
            return Poll::Pending;
        };
        let answer = ready!(question.as_mut().poll(cx));
        self.question = None;
        Poll::Ready(answer)
    }

    fn ask(&self) -> Option<BoxFuture<'static, Result<GatewayInfo, Error>>> {
        let (runtime, (mut api, token)) = (self.runtime.clone(), self.source.clone()?);
        api.timeout = api.timeout.min(PATIENCE);
        Some(Box::pin(async move {
            api.gateway_info(&runtime, token.expose()).await
        }))
    }

    /// Whether a question is under way.
    pub(crate) const fn is_asking(&self) -> bool {
        self.question.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Instant {
        Instant::from_millis(seconds * 1000)
    }

    #[test]
    fn shards_wait_for_a_new_answer_once_the_last_is_a_minute_old() {
        let mut askers = Askers::new(Some(at(0)));
        assert!(!askers.wait(at(59), ShardId::ONE));
        assert_eq!(askers.deadline(), Some(at(24 * 60 * 60)), "daily");
        assert!(askers.wait(at(60), ShardId::ONE));
        assert_eq!(askers.deadline(), Some(at(0)), "at once");
        assert_eq!(askers.answered(at(61)), [ShardId::ONE].into());
        assert!(!askers.wait(at(62), ShardId::ONE), "even if it has failed");
    }

    #[test]
    fn nobody_waits_if_nobody_is_asked() {
        let mut askers = Askers::new(None);
        assert!(!askers.wait(at(600), ShardId::ONE));
        assert_eq!(askers.deadline(), None);
    }
}
