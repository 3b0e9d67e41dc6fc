//! Writing out what is recorded.

use std::future::Future;
use std::path::PathBuf;

use super::Handle;
use crate::{Error, ErrorKind};

impl Handle {
    /// Writes out what has been [recorded](crate::Builder::record) until now, and records on. The
    /// file takes the place of an older one once it is whole; its owner alone can read it. A
    /// future that is dropped leaves the recorder at it. Take another path than that of
    /// [`RecordOptions::file`](crate::record::RecordOptions::file): the newer one of both stays.
    ///
    /// ```
    /// # use headcount_driver::{Error, Handle};
    /// # async fn ask(handle: &Handle) -> Result<(), Error> {
    /// handle.dump("bot.rec").await
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Config`] if the bot is not recorded, [`ErrorKind::Recording`] if the file
    /// cannot be written.
    pub fn dump(
        &self,
        path: impl Into<PathBuf>,
    ) -> impl Future<Output = Result<(), Error>> + Send + 'static {
        let cells = self.shared.fleet.cells().iter().map(|(_, cell)| &**cell);
        let recorder = self.shared.recorder.as_ref();
        let answer = recorder.map(|recorder| recorder.dump(path.into(), "asked for".into(), cells));
        async move {
            let answer = answer.ok_or_else(|| {
                Error::new(
                    ErrorKind::Config,
                    "the bot is not recorded: see Builder::record",
                )
            })?;
            let gone = |_| Error::new(ErrorKind::Recording, "the recorder's thread has ended");
            answer.await.map_err(gone)?.map_err(|error| {
                let detail = "the recording cannot be written";
                Error::with_source(ErrorKind::Recording, detail, error)
            })
        }
    }
}
