//! The organiser's close, cut off while the server writes it down: what was answered is never forgotten, and what was
//! not answered is asked again.

use crate::calls::{Point, Trace, points};
use crate::campaign::Made;
use crate::process::Server;
use tests::folders::copy_folder;
use tokio::runtime::Runtime;

/// Closes a campaign whose server dies before each call that writes the close down. Yields the server that lives on.
pub(crate) fn close_in_spite_of_death(runtime: &Runtime, made: &Made, server: Server) -> Server {
    server.kill();
    let found = calls_of_a_close(runtime, made);
    assert!(found.len() >= 3, "made, written, renamed: {found:?}");
    for point in found {
        let mut server = Server::start_traced(&made.data(), &Trace::Kill(point.clone()));
        let answered = runtime.block_on(made.close(&server.organiser_url));
        assert_eq!(answered, None, "{point}: answered before it was written down");
        server.demand_death(&point);
    }
    let server = Server::start(&made.data());
    let answered = runtime.block_on(made.close(&server.organiser_url));
    assert!(matches!(answered, Some(202 | 410)), "{answered:?}");
    server.kill();
    Server::start(&made.data()) // nobody asks it again
}

/// Looked up on a copy.
fn calls_of_a_close(runtime: &Runtime, made: &Made) -> Vec<Point> {
    let (copy, trace) = (made.beside("copy"), made.beside("close.trace"));
    copy_folder(&made.data(), &copy);
    let server = Server::start_traced(&copy, &Trace::Watch(trace.clone()));
    assert_eq!(runtime.block_on(made.close(&server.organiser_url)), Some(202));
    server.kill();
    let found = points(&std::fs::read_to_string(trace).unwrap(), &copy);
    found.serving.into_iter().filter(|point| point.path.starts_with("closing")).collect()
}
