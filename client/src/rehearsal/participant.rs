//! One simulated participant: a token for its invite, then at once the pledge, with the library's own functions.

use super::Run;
use super::population::Ready;
use super::reckoning::OwnPledge;
use super::trouble::Donor;
use crate::participation::{obtain, redeem};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Goes the whole way. `arrival` is the instant that was fixed for it; whoever must wait at the valve waits in the
/// latency of its token.
pub(super) async fn take_part(run: Arc<Run>, ready: Ready, arrival: Duration) {
    let Ready { invite, place, nonce, prepared } = ready;
    let _place = match run.places_in_flight.try_acquire() {
        Ok(place) => Ok(place),
        Err(_) => {
            run.outcome().valve_reached += 1;
            run.places_in_flight.acquire().await
        }
    };
    let stage = &run.stage;
    let token = obtain(&stage.network, &stage.issuer, &invite, &prepared.request, prepared.pending).await;
    let in_hand = Instant::now();
    let token = match token {
        Ok(token) => token,
        Err(error) => {
            let reason = format!("no token: {}", run.stage.nameless(&error));
            run.outcome().failed(reason);
            return;
        }
    };
    run.outcome().tokens.add(arrival, in_hand.saturating_duration_since(run.start + arrival));
    let redeemed = redeem(&stage.network, &stage.site, &token, &prepared.pledge).await;
    let own = OwnPledge { nonce, place };
    match redeemed {
        Ok(redeemed) => {
            let mut outcome = run.outcome();
            outcome.pledges.add(in_hand.saturating_duration_since(run.start), in_hand.elapsed());
            outcome.retried += u64::from(redeemed.retried);
            outcome.acknowledged.push(own);
            if redeemed.repeated && !redeemed.retried {
                outcome.failed("no new pledge: the server says that it was counted before it was sent".to_owned());
            }
            drop(outcome);
            let donor = Donor { invite, token, pledge: prepared.pledge, receipt: redeemed.receipt };
            donor.give(&mut run.donors());
        }
        Err(error) => {
            let reason = format!("no receipt: {}", run.stage.nameless(&error));
            let mut outcome = run.outcome();
            outcome.uncertain.push(own);
            outcome.failed(reason);
        }
    }
}
