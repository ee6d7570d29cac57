//! `serve`: opens a campaign's folder and serves it until it is told to stop.

use super::email::EmailOptions;
use server::clock::Clock;
use server::serve::{Running, until_told_to_stop};
use server::{Deployment, Error, memory};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use tokio::net::TcpListener;

const LOCKED: &str = "Its memory is locked: none of it reaches swap.";
const NOT_LOCKED: &str = "Its memory is not locked, because the limit on locked memory (ulimit -l) is not lifted: keep swap off, or start \
                          it by the unit that headcount-server install writes.";

#[allow(clippy::print_stdout, reason = "a command's answer")]
pub(super) async fn run(
    data: &Path,
    listen: SocketAddr,
    organiser_listen: SocketAddr,
    page: Option<PathBuf>,
    email: EmailOptions,
) -> Result<(), Error> {
    let bind = async |address| {
        TcpListener::bind(address).await.map_err(|error| Error::io(format!("cannot listen on {address}"), error))
    };
    let (listener, organiser_listener) = (bind(listen).await?, bind(organiser_listen).await?);
    let locked = memory::keep(); // before a key is read
    let (folder, clock) = (data.to_owned(), Clock::system());
    let deployment = tokio::task::spawn_blocking(move || Deployment::open(&folder, clock, page.as_deref()))
        .await
        .map_err(|_| Error::Refused("the campaign could not be opened; try again".to_owned()))??;
    println!("Campaign {}", deployment.campaign().id());
    if let Some(told) = email.begin(&deployment)? {
        println!("{told}");
    }
    let running = Running::start(deployment, listener, organiser_listener)?;
    println!("Participants and public: http://{}   Organisers: http://{}", running.address, running.organiser_address);
    println!("{}", if locked { LOCKED } else { NOT_LOCKED });
    println!("Ctrl-C stops it; nothing is lost.");
    until_told_to_stop().await;
    running.stop().await;
    Ok(())
}
