//! What the page shows, as server-sent events: a whole state whenever something of it has
//! changed, and never more than the peer takes.
//!
//! One is made when the last one is on its way and the period is over. For a peer that reads
//! slowly none are made: it gets fewer of them, and each as of the time at which it is taken.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use headcount_driver::Runtime;
use hyper::body::Bytes;

use crate::board::Site;
use crate::page_state::PageState;
use crate::server::Permit;
use crate::windows::Windows;

/// The longest time without a word, so that both ends see when the other is gone: a page that hears
/// nothing for over twice as long says so. No period is longer.
pub(crate) const SILENCE: Duration = Duration::from_secs(10);

/// The states of one page that is open.
pub(crate) struct EventStream<R: Runtime> {
    site: Arc<Site<R>>,
    windows: Windows,
    timer: Option<Pin<Box<R::Timer>>>,
    /// The last state, its time left out.
    last: String,
    quiet: Duration,
    is_over: Arc<AtomicBool>,
    /// Its place among the streams.
    _permit: Permit,
}

impl<R: Runtime> EventStream<R> {
    pub(crate) fn new(
        site: Arc<Site<R>>,
        windows: Windows,
        is_over: Arc<AtomicBool>,
        permit: Permit,
    ) -> Self {
        Self {
            site,
            windows,
            timer: None,
            last: String::new(),
            quiet: Duration::ZERO,
            is_over,
            _permit: permit,
        }
    }

    /// The next event; `None` once the server ends.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        loop {
            if let Some(timer) = &mut self.timer {
                ready!(timer.as_mut().poll(cx));
            }
            if self.is_over.load(Ordering::Acquire) {
                return Poll::Ready(None);
            }
            let period = self.site.period;
            self.timer = Some(Box::pin(self.site.runtime.timer(period)));
            let (handle, now) = (&self.site.handle, self.site.now());
            let lag = self.site.recent_lag(now);
            let state = PageState::take(handle, &self.windows, (now, lag));
            let text = serde_json::to_string(&state).unwrap_or_default();
            if text != self.last {
                let now = self.site.now().as_millis();
                let event = format!("data: {{\"now\":{now},\"state\":{text}}}\n\n");
                (self.last, self.quiet) = (text, Duration::ZERO);
                return Poll::Ready(Some(event.into()));
            }
            self.quiet = self.quiet.saturating_add(period);
            if self.quiet >= SILENCE {
                self.quiet = Duration::ZERO;
                return Poll::Ready(Some(Bytes::from_static(b"event: beat\ndata:\n\n")));
            }
        }
    }
}
