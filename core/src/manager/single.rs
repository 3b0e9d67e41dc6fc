//! One connection for everything.

use crate::manager::{ChannelKey, Manager, NewShard, Plan, Refusal};

/// The default manager: one shard, without a limit, for all channels.
#[derive(Clone, Copy, Debug, Default)]
pub struct Single;

impl<C: ChannelKey> Manager<C> for Single {
    fn set_up(&mut self, plan: &mut Plan<'_, C>, initial: &[C]) -> Result<(), Refusal<C>> {
        plan.open(NewShard::new().named("single"))?;
        initial
            .iter()
            .try_for_each(|channel| self.assign(plan, channel, true))
    }

    fn assign(&mut self, plan: &mut Plan<'_, C>, channel: &C, _: bool) -> Result<(), Refusal<C>> {
        let Some(shard) = plan.roster().named("single") else {
            return Err(Refusal::NotPlaced(channel.clone()));
        };
        plan.join(shard, channel)
    }
}
