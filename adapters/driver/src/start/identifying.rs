//! When the shards of a bot that starts may identify.

use std::sync::Arc;
use std::time::SystemTime;

use headcount_core::fleet::{Fleet, FleetConfig, StartLimit};

use super::ShardCells;
use crate::builder::Builder;
use crate::clock::Clock;
use crate::coordination::SharedLeases;
use crate::fleet::SharedFleet;
use crate::pacer::Pacer;
use crate::refresh::Askers;
use crate::state::{IdentifyLog, StateFolder};
use crate::{Error, GatewayInfo, Runtime};

impl<R: Runtime> Builder<R> {
    /// The shards with their fleet, and what tells the next process when they identify. `is_asked`
    /// says whether the service is asked for the information.
    pub(super) fn shared_fleet(
        &mut self,
        (clock, info, is_asked): (Clock, &GatewayInfo, bool),
        cells: ShardCells,
        (leases, state): (Option<&Arc<SharedLeases>>, Option<&StateFolder>),
    ) -> Result<(SharedFleet, Option<IdentifyLog>), Error> {
        let (fleet, log) = self.fleet((clock, info, is_asked), &cells, state)?;
        let askers = Askers::new(is_asked.then(|| clock.now(&self.runtime)));
        let waits = (askers, self.pacer(leases));
        Ok((SharedFleet::new(fleet, cells, waits), log))
    }

    /// Who says when shards may identify.
    fn pacer(&mut self, leases: Option<&Arc<SharedLeases>>) -> Pacer {
        match (leases, self.gate.take()) {
            (Some(leases), _) => Pacer::Leases(Arc::clone(leases)),
            (None, Some(gate)) => Pacer::Gate(gate),
            (None, None) => Pacer::Fleet,
        }
    }

    /// The fleet, which keeps to the pace of the process before, and what tells the next one. What
    /// the service has just said of the budget counts for more than what that process left of it.
    fn fleet(
        &mut self,
        (clock, info, is_asked): (Clock, &GatewayInfo, bool),
        cells: &ShardCells,
        state: Option<&StateFolder>,
    ) -> Result<(Fleet, Option<IdentifyLog>), Error> {
        let (now, wall) = (clock.now(&self.runtime), SystemTime::now());
        let earlier = state.map(StateFolder::identifies);
        let limit = StartLimit::from(info.session_start_limit);
        let limit = match earlier.filter(|_| !is_asked) {
            Some(earlier) => earlier.left_of(limit, wall),
            None => limit,
        };
        let mut config = FleetConfig::new(limit);
        if let Some(change) = self.fleet.take() {
            change(&mut config);
        }
        config.check().map_err(|error| error.of("fleet"))?;
        let log = state.map(|state| state.identify_log(config.spacing));
        let mut fleet = Fleet::new(now, config, cells.iter().map(|(id, _)| *id));
        for (shard, ago) in earlier.into_iter().flat_map(|it| it.ages(wall)) {
            fleet.identified_before(now, shard, ago);
        }
        let fleet = match self.sharing.store {
            Some(_) => fleet.part_of_bot(),
            None => fleet,
        };
        Ok((fleet, log))
    }
}
