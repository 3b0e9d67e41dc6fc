//! A host that has not read all that came: silence means nothing.

use alloc::vec::Vec;
use core::time::Duration;

use super::request_id::RequestId;
use super::requests::{RequestPhase, Requests};
use crate::Instant;

impl Requests {
    /// For so long no chunk was read: attempts and adopted answers are waited for so much longer.
    pub(crate) fn unread(&mut self, missed: Duration) {
        let sent: Vec<(Instant, RequestId)> = self.deadlines.iter().copied().collect();
        for (until, id) in sent {
            self.set_phase(id, RequestPhase::Sent(until.after(missed)));
        }
        self.adopted.unread(missed);
    }
}

#[cfg(test)]
mod tests {
    use core::time::Duration;

    use crate::chunk::scenarios::{Scenario, at};
    use crate::chunk::{ChunkOutcome, FinishReason, RequestConfig};

    #[test]
    fn time_in_which_nothing_is_read_does_not_count() {
        let mut scenario = Scenario::new();
        let id = scenario.ask_all(1);
        let nonce = scenario.sent();
        scenario.chunk("theirs", 0, 2);
        for round in 1..100 {
            scenario.now = at(round * 10_000);
            scenario.requests.unread(Duration::from_secs(10));
            scenario.requests.timeout(scenario.now, &mut scenario.ended);
            assert_eq!(scenario.requests.deadline(), Some(at((round + 1) * 10_000)));
        }
        assert!(scenario.ended.is_empty() && scenario.send().is_empty());
        assert_eq!(
            scenario.chunk(&nonce, 0, 1),
            ChunkOutcome::Completed(Some(id))
        );
        let end = scenario.end();
        assert_eq!((end.reason, end.attempts), (FinishReason::Complete, 1));
        assert_eq!(
            scenario.chunk("theirs", 1, 2),
            ChunkOutcome::Completed(None)
        );
    }

    #[test]
    fn a_host_that_reads_all_the_time_puts_nothing_off() {
        let mut scenario = Scenario::with(RequestConfig {
            attempts: 1,
            ..RequestConfig::default()
        });
        scenario.ask_all(1);
        scenario.sent();
        scenario.now = at(10_000);
        scenario.requests.unread(Duration::ZERO);
        scenario.requests.timeout(scenario.now, &mut scenario.ended);
        assert_eq!(scenario.end().reason, FinishReason::TimedOut);
    }
}
