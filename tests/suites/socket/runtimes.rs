//! The runtimes that every case runs on, each from one generic function.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::LazyLock;
use std::time::Duration;

use futures_util::future::{Either, select};
use headcount_async_std::AsyncStd;
use headcount_sim::Options;
use headcount_sim::server::{Server, ServerConfig};
use headcount_smol::Smol;
use headcount_tokio::Tokio;
use headcount_tokio::driver::Runtime;

/// What a case may take at most; none comes near.
const LIMIT: Duration = Duration::from_secs(60);

/// A runtime that has an adapter.
pub(crate) trait Tested: Runtime + Default {
    /// Seeds of cases that run over many.
    const SEEDS: u64;

    /// Runs a future to its end in this runtime.
    fn block_on<F: Future>(future: F) -> F::Output;
}

impl Tested for Tokio {
    const SEEDS: u64 = 20;

    fn block_on<F: Future>(future: F) -> F::Output {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(2).enable_all().build();
        runtime.expect("threads").block_on(future)
    }
}

impl Tested for AsyncStd {
    const SEEDS: u64 = 4;

    fn block_on<F: Future>(future: F) -> F::Output {
        async_std::task::block_on(future)
    }
}

impl Tested for Smol {
    const SEEDS: u64 = 4;

    fn block_on<F: Future>(future: F) -> F::Output {
        smol::block_on(future)
    }
}

/// Runs a case in a runtime.
pub(crate) fn run<R: Tested>(case: impl Future<Output = ()>) {
    R::block_on(async {
        let limit = pin!(R::default().timer(LIMIT));
        match select(pin!(case), limit).await {
            Either::Left(((), _)) => {}
            Either::Right(((), _)) => panic!("the case did not end within {LIMIT:?}"),
        }
    });
}

/// Makes a test of each case on each runtime.
macro_rules! on_each_runtime {
    ($($case:ident),+ $(,)?) => {
        $crate::runtimes::on_each_runtime!(@on_tokio: headcount_tokio::Tokio; $($case)+);
        $crate::runtimes::on_each_runtime!(@on_async_std: headcount_async_std::AsyncStd; $($case)+);
        $crate::runtimes::on_each_runtime!(@on_smol: headcount_smol::Smol; $($case)+);
    };
    (@$module:ident: $runtime:ty; $($case:ident)+) => {
        mod $module {
            $(
                #[test]
                fn $case() {
                    $crate::runtimes::run::<$runtime>(super::$case::<$runtime>());
                }
            )+
        }
    };
}
pub(crate) use on_each_runtime;

/// The threads of all servers, which stand apart from the runtime under test. Making a world keeps
/// one busy for a while, so there are enough that no other server waits for it.
static SERVERS: LazyLock<tokio::runtime::Runtime> = LazyLock::new(|| {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(8).enable_all().build();
    runtime.expect("threads")
});

/// Waits for a future that needs tokio, from any runtime.
pub(crate) async fn beside<F>(future: F) -> F::Output
where
    F: Future<Output: Send> + Send + 'static,
{
    SERVERS.spawn(future).await.expect("no panic")
}

/// Starts a gateway on its own threads.
pub(crate) async fn serve(options: Options, seed: u64, config: ServerConfig) -> Server {
    try_to_serve(options, seed, config).await.expect("ports")
}

/// The same; its port may be taken.
pub(crate) async fn try_to_serve(
    options: Options,
    seed: u64,
    config: ServerConfig,
) -> io::Result<Server> {
    beside(Server::start(options, seed, config)).await
}
