//! A host that has not read all that came: silence means nothing.

use alloc::vec::Vec;
use core::time::Duration;

use super::request::RequestId;
use super::requests::{Phase, Requests};
use crate::Instant;

impl Requests {
    /// For so long no chunk was read: attempts and adopted answers are waited for so much longer.
    pub(crate) fn unread(&mut self, missed: Duration) {
        let sent: Vec<(Instant, RequestId)> = self.deadlines.iter().copied().collect();
        for (until, id) in sent {
            self.set_phase(id, Phase::Sent(until.after(missed)));
        }
        self.adopted.unread(missed);
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use crate::chunk::stories::{Story, at};
    use crate::chunk::{ChunkOutcome, FinishReason, RequestConfig};

    #[test]
    fn time_in_which_nothing_is_read_does_not_count() {
        let mut story = Story::new();
        let id = story.ask_all(1);
        let nonce = story.sent();
        story.chunk("theirs", 0, 2);
        for round in 1..100 {
            story.now = at(round * 10_000);
            story.requests.unread(Duration::from_secs(10));
            story.requests.timeout(story.now, &mut story.ended);
            assert_eq!(story.requests.deadline(), Some(at((round + 1) * 10_000)));
        }
        assert!(story.ended.is_empty() && story.send().is_empty());
        assert_eq!(story.chunk(&nonce, 0, 1), ChunkOutcome::Completed(Some(id)));
        let end = story.end();
        assert_eq!((end.reason, end.attempts), (FinishReason::Complete, 1));
        assert_eq!(story.chunk("theirs", 1, 2), ChunkOutcome::Completed(None));
    }

    #[test]
    fn a_host_that_reads_all_the_time_puts_nothing_off() {
        let mut story = Story::with(RequestConfig {
            attempts: 1,
            ..RequestConfig::default()
        });
        story.ask_all(1);
        story.sent();
        story.now = at(10_000);
        story.requests.unread(Duration::ZERO);
        story.requests.timeout(story.now, &mut story.ended);
        assert_eq!(story.end().reason, FinishReason::TimedOut);
    }
}
