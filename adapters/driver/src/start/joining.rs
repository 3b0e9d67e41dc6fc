//! Starting a bot beside processes that run it already.

use crate::builder::Builder;
use crate::coordination::join;
use crate::{Error, ErrorKind, GatewayInfo, Runtime};

impl<R: Runtime> Builder<R> {
    /// Finds out of how many shards the bot is, if other processes run it.
    pub(super) async fn join(&self, mut info: GatewayInfo) -> Result<GatewayInfo, Error> {
        let Some(store) = &self.sharing.store else {
            return Ok(info);
        };
        let given = self.shards.as_ref().map(|(_, total)| *total);
        let wanted = given.unwrap_or(info.shards);
        let total = join(&self.runtime, &**store, &self.sharing.config, wanted).await;
        if total == wanted {
            return Ok(info);
        }
        if given.is_some() {
            let detail = format!(
                "other processes of this bot run it with {total} shards, and this one was to with \
                 {wanted}: end them first"
            );
            return Err(Error::new(ErrorKind::Config, detail));
        }
        tracing::info!(
            "others run this bot with {total} shards: so does this one, not with {wanted}"
        );
        info.shards = total;
        Ok(info)
    }
}
