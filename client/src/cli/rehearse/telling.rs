//! The report of a rehearsal as text for a terminal.

use client::rehearsal::account::{Account, curve_in_words, grouped, milliseconds, per_cent};

/// All of it, some twenty lines.
pub(super) fn text(account: &Account) -> String {
    let outcome = &account.outcome;
    let mut lines = vec![format!(
        "{} took part within {:.0} seconds, {}, at most {} in a second: {} tokens, {} pledges, {}.",
        grouped(outcome.participants()),
        account.arrival_seconds(),
        curve_in_words(account.plan.arrivals),
        account.busiest_second(),
        grouped(outcome.tokens.count()),
        grouped(outcome.pledges.count()),
        if account.errors() == 1 { "1 error".to_owned() } else { format!("{} errors", grouped(account.errors())) }
    )];
    latencies(account, &mut lines);
    capacity(account, &mut lines);
    trouble(account, &mut lines);
    publication(account, &mut lines);
    lines.extend(account.notes.iter().map(|note| format!("Note: {note}")));
    if account.errors() > 0 {
        lines.push(String::new());
        lines.extend(outcome.failures.iter().map(|(reason, count)| format!("ERROR, {count} times: {reason}")));
        lines.extend(account.faults.iter().map(|fault| format!("ERROR: {fault}")));
    }
    lines.join("\n")
}

fn latencies(account: &Account, lines: &mut Vec<String>) {
    lines.push(format!("\n{:<10}{:>9}{:>11}{:>11}{:>11}{:>11}", "", "answers", "p50", "p90", "p99", "max"));
    for (name, latency) in account.latencies() {
        let columns = [latency.p50_ms, latency.p90_ms, latency.p99_ms, latency.max_ms].map(milliseconds);
        let [p50, p90, p99, max] = if latency.count > 0 { columns } else { ["", "", "", ""].map(str::to_owned) };
        lines.push(format!("{name:<10}{:>9}{p50:>11}{p90:>11}{p99:>11}{max:>11}", grouped(latency.count)));
    }
    let lag = account.outcome.lag.latency();
    lines.push(format!(
        "Measured from the instants that were fixed beforehand. This program itself was late by {} for one of a \
         hundred, {} at most; its limit of {} under way was reached {} times.",
        milliseconds(lag.p99_ms),
        milliseconds(lag.max_ms),
        account.plan.in_flight_max,
        grouped(account.outcome.valve_reached)
    ));
}

fn capacity(account: &Account, lines: &mut Vec<String>) {
    let Some(limits) = &account.limits else { return };
    let [tokens, pledges] = account.busiest_seconds();
    lines.push(String::new());
    for (what, reached, limit, of) in [
        ("tokens", tokens, limits.signatures, "signatures"),
        ("pledges", pledges, limits.verifications, "verifications"),
    ] {
        lines.push(format!(
            "{what:<10}{:>9} in the busiest second: {} of the {} {of} that {} cores here do with nothing else to do",
            grouped(reached),
            per_cent(reached as f64 / limit.max(1) as f64),
            grouped(limit),
            limits.cores
        ));
    }
    lines.extend(account.carried());
}

fn trouble(account: &Account, lines: &mut Vec<String>) {
    let trouble = &account.outcome.trouble;
    if trouble.is_empty() {
        return;
    }
    lines.push("\nSlow and broken clients, and what they were answered:".to_owned());
    for (kind, answers) in trouble {
        let wrong = answers.wrong.iter().map(|(answer, count)| format!("; WRONG, {count} times: {answer}"));
        let wrong: String = wrong.collect();
        lines.push(format!("{:>7}  {}: {}{wrong}", answers.right, kind.what(), kind.expected()));
    }
}

fn publication(account: &Account, lines: &mut Vec<String>) {
    let (Some(reckoning), Some(sum)) = (&account.reckoning, account.sum()) else {
        return;
    };
    lines.push(format!("\n{sum}, by this rehearsal's own receipts."));
    lines.push(format!(
        "Published for places {}, for regions {}, for the whole {}; {} published pledges are other people's.",
        grouped(reckoning.at_place),
        grouped(reckoning.at_region),
        grouped(reckoning.at_root),
        grouped(reckoning.others)
    ));
    if reckoning.unacknowledged > 0 {
        lines.push(format!("{} pledges without a receipt are published too.", reckoning.unacknowledged));
    }
    if reckoning.rule_replayed {
        lines.push("The rule of publication, applied to the receipts, gives exactly this log.".to_owned());
    }
    let places = account.places();
    for (name, published, waiting) in places.iter().take(PLACES_SHOWN) {
        lines.push(format!("{:>9}  {name} (and {waiting} not published)", grouped(*published)));
    }
    if places.len() > PLACES_SHOWN {
        lines.push(format!("           and {} more places", places.len() - PLACES_SHOWN));
    }
}

const PLACES_SHOWN: usize = 5;
