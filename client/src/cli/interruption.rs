//! Ctrl-C once something secret has left this device: the program ends with what finishes the participation.

use crate::cli::Failure;
use crate::cli::advice::Advice;
use client::error::Error;

/// Does `work` unless Ctrl-C comes first. From the first call on nothing else may ask or wait, because the system's own
/// way of ending the program is gone.
pub(crate) async fn unless_interrupted<T>(
    work: impl Future<Output = Result<T, Failure>>,
    what: &str,
    advice: impl FnOnce() -> Advice,
) -> Result<T, Failure> {
    let interrupted = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await; // no signals here: it ends by itself
        }
    };
    tokio::select! {
        done = work => done,
        () = interrupted => Err(Failure::then(Error::Local(format!("Interrupted {what}.")), Some(advice()))),
    }
}
