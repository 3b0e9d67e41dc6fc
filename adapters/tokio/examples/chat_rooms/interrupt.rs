//! Ctrl-C, which ends the run with the table so far.

use std::future::Future;
use std::pin::Pin;

/// Whether Ctrl-C has come.
pub(crate) struct Interrupt {
    /// None once it has.
    wait: Option<Pin<Box<dyn Future<Output = ()>>>>,
}

impl Default for Interrupt {
    fn default() -> Self {
        let wait = async {
            if tokio::signal::ctrl_c().await.is_err() {
                // Nobody can be asked: the run ends by itself.
                std::future::pending::<()>().await;
            }
        };
        Self {
            wait: Some(Box::pin(wait)),
        }
    }
}

impl Interrupt {
    /// Waits for it. Cancel-safe.
    pub(crate) async fn wait(&mut self) {
        if let Some(wait) = &mut self.wait {
            wait.await;
            self.wait = None;
        }
    }

    pub(crate) const fn has_come(&self) -> bool {
        self.wait.is_none()
    }
}
