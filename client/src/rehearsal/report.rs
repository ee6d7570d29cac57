//! The report of a rehearsal as a page: one file, without script, without anything loaded, readable in light and dark.
//! It shows what the account holds, so no invite, token, phrase or address.

use super::account::{Account, curve_in_words, grouped, milliseconds};
use super::measurement::{Interval, Series, averages, per_second};
use super::plots::{FIRST, Line, Plot, QUIET, SECOND, Scale, THIRD, nines, power, staircase};
use plotters::style::RGBColor;

mod capacity;
mod style;

use style::STYLE;

/// The whole page.
pub fn page(account: &Account) -> String {
    let title = escape(&account.title);
    let sections = [
        head(account),
        came(account),
        capacity::capacity(account),
        latency(account),
        publication(account),
        places(account),
        trouble(account),
        wrong(account),
        method(account),
    ];
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Rehearsal: {title}</title>\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\
         <style>{STYLE}</style></head>\n<body>\n{}\n</body></html>\n",
        sections.concat()
    )
}

fn head(account: &Account) -> String {
    let (outcome, errors) = (&account.outcome, account.errors());
    let verdict = match errors {
        0 => "<p class=\"verdict good\">No errors.</p>".to_owned(),
        1 => "<p class=\"verdict bad\">One error; it stands at the end.</p>".to_owned(),
        _ => format!("<p class=\"verdict bad\">{} errors; they stand at the end.</p>", grouped(errors)),
    };
    let sum = account.sum().map_or_else(String::new, |sum| format!("<p class=\"sum\">{}</p>", escape(&sum)));
    let tile = |number: String, what: &str| format!("<div><b>{number}</b><span>{what}</span></div>");
    let [(_, token), (_, pledge), _] = account.latencies();
    let mut tiles = vec![
        tile(grouped(outcome.participants()), "took part"),
        tile(grouped(outcome.pledges.count()), "pledges acknowledged"),
        tile(grouped(account.busiest_second()), "came in the busiest second"),
        tile(milliseconds(token.p99_ms), "99 of 100 tokens were faster"),
        tile(milliseconds(pledge.p99_ms), "99 of 100 pledges were faster"),
        tile(grouped(outcome.reads.count()), "readings of page and numbers"),
    ];
    if let Some(reckoning) = &account.reckoning {
        let waiting = grouped(reckoning.waiting);
        tiles.insert(2, tile(grouped(reckoning.published()), "published"));
        tiles.insert(3, tile(waiting, if closed(account) { "withheld" } else { "still waiting" }));
    }
    format!(
        "<header><p class=\"kind\">Rehearsal · {}</p><h1>{}</h1>{verdict}{sum}\
         <p class=\"quiet\"><code>{}</code><br>{}</p></header>\n<section class=\"tiles\">{}</section>\n",
        escape(&account.day),
        escape(&account.title),
        escape(&account.campaign_id),
        escape(&account.words),
        tiles.concat()
    )
}

fn came(account: &Account) -> String {
    let outcome = &account.outcome;
    if outcome.arrived.is_empty() {
        return String::new();
    }
    let line = |counts: Vec<u64>, colour, filled| {
        let points = averages(&counts, interval(account)).into_iter().map(|(second, rate)| (second as f64, rate));
        Line { colour, points: points.collect(), faint: false, filled }
    };
    let lines = vec![
        line(per_second(outcome.arrived.iter().copied()), QUIET, true),
        line(per_second(outcome.pledges.ends()), FIRST, false),
    ];
    let plot = Plot {
        about: "Arrivals and acknowledged pledges per second, over time".to_owned(),
        x: Scale::Time,
        y: Scale::Plain,
        lines,
    };
    let said = format!(
        "{} came within {}, {}.",
        grouped(outcome.participants()),
        minutes(account.arrival_seconds()),
        curve_in_words(account.plan.arrivals)
    );
    let key = key(&[("q", "arrivals per second"), ("a", "pledges acknowledged per second")]);
    section("How they came", &said, &figure(&plot, &key, "minutes and seconds since the start"))
}

fn latency(account: &Account) -> String {
    let outcome = &account.outcome;
    let row = |(name, latency): (&str, super::measurement::Latency)| {
        let cells = [latency.p50_ms, latency.p90_ms, latency.p99_ms, latency.max_ms].map(|ms| {
            format!("<td class=\"n\">{}</td>", if latency.count > 0 { milliseconds(ms) } else { String::new() })
        });
        format!(
            "<tr><th scope=\"row\">{name}</th><td class=\"n\">{}</td>{}</tr>",
            grouped(latency.count),
            cells.concat()
        )
    };
    let rows: String = account.latencies().into_iter().map(row).collect();
    let head =
        ["answers", "p50", "p90", "p99", "slowest"].map(|name| format!("<th scope=\"col\" class=\"n\">{name}</th>"));
    let table = format!(
        "<div class=\"scroll\"><table><thead><tr><th></th>{}</tr></thead><tbody>{rows}</tbody></table></div>",
        head.concat()
    );
    let kinds: [(&Series, RGBColor); 3] =
        [(&outcome.tokens, FIRST), (&outcome.pledges, SECOND), (&outcome.reads, THIRD)];
    let mut over_time = Vec::new();
    let mut shares = Vec::new();
    for (series, colour) in kinds.into_iter().filter(|(series, _)| series.count() > 0) {
        let intervals = series.by_interval(interval(account));
        let of = |value: fn(&Interval) -> f64| {
            intervals.iter().map(|interval| (interval.second as f64, power(value(interval)))).collect()
        };
        over_time.push(Line { colour, points: of(|interval| interval.p99_ms), faint: true, filled: false });
        over_time.push(Line { colour, points: of(|interval| interval.p50_ms), faint: false, filled: false });
        let points = series.percentiles().into_iter().map(|(share, ms)| (nines(share), power(ms))).collect();
        shares.push(Line { colour, points, faint: false, filled: false });
    }
    if shares.is_empty() {
        return String::new();
    }
    let plot = |about: &str, x, lines| Plot { about: about.to_owned(), x, y: Scale::Latency, lines };
    let of_time = plot("Latency of what began together, over time, by percentile", Scale::Time, over_time);
    let of_share = plot("Latency by the share of answers that were faster", Scale::Nines, shares);
    let names = [("a", "token"), ("b", "pledge"), ("c", "page, counts or checkpoint")];
    let thick = format!("{}<span class=\"how\">thick: half were faster; thin: 99 of 100 were</span>", key(&names));
    let said = "From the instant that was fixed beforehand for each, so that a slow answer delays nobody else's question \
                and hides nothing. A token is a blind signature, unblinded and verified; a pledge is a verified receipt.";
    let figures = figure(&of_time, &thick, "minutes and seconds since the start")
        + &figure(&of_share, &key(&names), "so many of the answers were faster");
    section("How long they waited", said, &(table + &figures))
}

fn publication(account: &Account) -> String {
    let Some(reckoning) = &account.reckoning else { return String::new() };
    let published: Vec<(f64, f64)> =
        account.published_over_time.iter().map(|(second, total)| (*second, *total as f64)).collect();
    let end = published.last().map_or(0.0, |(second, _)| *second);
    let mut ends: Vec<f64> = account.outcome.pledges.ends().map(|end| end.as_secs_f64()).collect();
    ends.sort_by(f64::total_cmp);
    let step = (ends.len() / 400).max(1);
    let mut pledged = vec![(0.0, 0.0)];
    pledged.extend(
        (1u32..).zip(&ends).filter(|(n, _)| (*n as usize).is_multiple_of(step)).map(|(n, end)| (*end, f64::from(n))),
    );
    pledged.push((end, ends.len() as f64));
    let plot = Plot {
        about: "Acknowledged pledges and published pledges since the start".to_owned(),
        x: Scale::Time,
        y: Scale::Plain,
        lines: vec![
            Line { colour: QUIET, points: pledged, faint: false, filled: false },
            Line { colour: FIRST, points: staircase(&published), faint: false, filled: true },
        ],
    };
    let figure = if published.len() > 1 {
        let names = [("q", "acknowledged, by receipts"), ("a", "published, as everybody sees it")];
        figure(&plot, &key(&names), "minutes and seconds since the start")
    } else {
        String::new()
    };
    let row =
        |what: &str, count| format!("<tr><th scope=\"row\">{what}</th><td class=\"n\">{}</td></tr>", grouped(count));
    let last = if closed(account) { "withheld for ever" } else { "still waiting" };
    let mut rows = vec![
        row("published for a place", reckoning.at_place),
        row("published for a region", reckoning.at_region),
        row("published for the whole", reckoning.at_root),
        row(last, reckoning.waiting),
        format!(
            "<tr class=\"total\"><th scope=\"row\">acknowledged</th><td class=\"n\">{}</td></tr>",
            grouped(reckoning.acknowledged)
        ),
    ];
    if reckoning.others > 0 {
        rows.push(row("published pledges of other people", reckoning.others));
    }
    if reckoning.unacknowledged > 0 {
        rows.push(row("published without a receipt", reckoning.unacknowledged));
    }
    let said = format!(
        "Ticks of {} seconds, groups of at least {}. What is published was looked up in the audited log by the \
         rehearsal's own receipts; nobody's word was taken for it.{}",
        account.tick_seconds,
        account.k,
        if reckoning.rule_replayed {
            " The rule of publication, applied to the receipts, gives exactly this log."
        } else {
            ""
        }
    );
    section(
        "What was published",
        &said,
        &format!("{figure}<table class=\"levels\"><tbody>{}</tbody></table>", rows.concat()),
    )
}

fn places(account: &Account) -> String {
    let places = account.places();
    let most = places.iter().map(|(_, published, waiting)| published + waiting).max().unwrap_or(0);
    if most == 0 {
        return String::new();
    }
    let width = |count: u64| (count * 1000).div_ceil(most) as f64 / 10.0;
    let row = |(name, published, waiting): &(&str, u64, u64)| {
        format!(
            "<li><span class=\"name\">{}</span><span class=\"bar\"><i style=\"width:{:.1}%\"></i>\
             <i class=\"wait\" style=\"width:{:.1}%\"></i></span><span class=\"n\">{}{}</span></li>",
            escape(name),
            width(*published),
            width(*waiting),
            grouped(*published),
            if *waiting > 0 { format!(" <small>+ {}</small>", grouped(*waiting)) } else { String::new() }
        )
    };
    let rows: String = places.iter().take(PLACES_SHOWN).map(row).collect();
    let (rest, some) = (places.len().saturating_sub(PLACES_SHOWN), places.iter().filter(|place| place.2 > 0).count());
    let below = if closed(account) { "withheld" } else { "still waiting" };
    let most_below = places.iter().map(|place| place.2).max().unwrap_or(0);
    let said = match some {
        0 => format!("{} places have pledges; all of them are published.", grouped(places.len() as u64)),
        _ => format!(
            "{} places have pledges; in {} of them some are {below}, at most {} in one.",
            grouped(places.len() as u64),
            grouped(some as u64),
            grouped(most_below)
        ),
    };
    let rest = if rest > 0 {
        format!("<p class=\"quiet\">And {} more places.</p>", grouped(rest as u64))
    } else {
        String::new()
    };
    let key = key(&[("a", "published, at whatever level"), ("w", below)]);
    section("Where", &said, &format!("<p class=\"key\">{key}</p><ol class=\"bars\">{rows}</ol>{rest}"))
}

fn trouble(account: &Account) -> String {
    let trouble = &account.outcome.trouble;
    if trouble.is_empty() {
        return String::new();
    }
    let rows: String = trouble
        .iter()
        .map(|(kind, answers)| {
            let wrong = answers.wrong.iter();
            let wrong: String =
                wrong.map(|(answer, count)| format!("<br><em>{} × {}</em>", grouped(*count), escape(answer))).collect();
            format!(
                "<tr><th scope=\"row\">{}</th><td>{}{wrong}</td><td class=\"n\">{}</td></tr>",
                kind.what(),
                kind.expected(),
                grouped(answers.right)
            )
        })
        .collect();
    let table = format!(
        "<div class=\"scroll\"><table><thead><tr><th scope=\"col\">who</th><th scope=\"col\">must be answered</th>\
         <th scope=\"col\" class=\"n\">and was</th></tr></thead><tbody>{rows}</tbody></table></div>"
    );
    let said = "They came among the others. None of them is a participant, and none of them can be counted.";
    section("Slow and broken clients", said, &table)
}

fn wrong(account: &Account) -> String {
    if account.errors() == 0 {
        return String::new();
    }
    let failures = account.outcome.failures.iter();
    let failures = failures.map(|(reason, count)| format!("<li><b>{} ×</b> {}</li>", grouped(*count), escape(reason)));
    let faults = account.faults.iter().map(|fault| format!("<li>{}</li>", escape(fault)));
    let list: String = faults.chain(failures).collect();
    section("What went wrong", "", &format!("<ul class=\"wrong\">{list}</ul>"))
}

fn method(account: &Account) -> String {
    let (plan, outcome) = (&account.plan, &account.outcome);
    let lag = outcome.lag.latency();
    let mut lines = vec![
        format!(
            "Arrivals were fixed before the first: at most about {} in a second, seed {}. They wait for no answer.",
            plan.rate_per_second, plan.seed
        ),
        format!(
            "The rehearsing program itself was late by {} for half of the arrivals, {} for one of a hundred, {} at most. \
             That is in the latencies, and so is its own unblinding and verifying.",
            milliseconds(lag.p50_ms),
            milliseconds(lag.p99_ms),
            milliseconds(lag.max_ms)
        ),
        format!(
            "Its limit of {} under way at once was reached {} times; waiting for it is in the latencies. {} pledges took \
             more than one try.",
            grouped(plan.in_flight_max as u64),
            grouped(outcome.valve_reached),
            grouped(outcome.retried)
        ),
        format!(
            "{} readers asked every {} seconds each; {} readings went with each participant, over 64 connections that \
             stay open, for what had changed since; a reading that finds all of them busy waits for one, and that is in \
             its latency.",
            plan.readers,
            plan.refresh.as_secs(),
            plan.readings
        ),
    ];
    if let Some(audited) = &account.audited {
        lines.push(format!(
            "The log was audited: {} entries, {} pledges in {} groups, every token verified, the last tick {}.",
            grouped(audited.log_size),
            grouped(audited.pledges),
            grouped(audited.groups),
            audited.last_tick
        ));
    }
    lines.push(
        "What this cannot show: a pledge that was dropped, where the rule would withhold it anyway; nor how the server \
         fares on another machine or behind another network than it was rehearsed on."
            .to_owned(),
    );
    lines.extend(account.notes.iter().cloned());
    let list: String = lines.iter().map(|line| format!("<li>{}</li>", escape(line))).collect();
    section("How this was measured", "", &format!("<ul class=\"quiet\">{list}</ul>"))
}

fn section(title: &str, said: &str, body: &str) -> String {
    let said = if said.is_empty() { String::new() } else { format!("<p>{}</p>", escape(said)) };
    format!("<section><h2>{title}</h2>{said}{body}</section>\n")
}

fn figure(plot: &Plot, key: &str, below: &str) -> String {
    format!("<figure><figcaption class=\"key\">{key}</figcaption>{}<p class=\"axis\">{below}</p></figure>", plot.svg())
}

fn key(names: &[(&str, &str)]) -> String {
    names.iter().map(|(class, name)| format!("<span><i class=\"{class}\"></i>{name}</span>")).collect()
}

/// Seconds that are drawn together, so that a long rehearsal has no more points than a line can show.
fn interval(account: &Account) -> u64 {
    let last = account.outcome.arrived.last().map_or(0, std::time::Duration::as_secs);
    last.div_ceil(POINTS_MAX).max(1)
}

fn closed(account: &Account) -> bool {
    account.audited.as_ref().is_some_and(|audited| audited.closed)
}

fn minutes(seconds: f64) -> String {
    if seconds < 120.0 { format!("{seconds:.0} seconds") } else { format!("{:.1} minutes", seconds / 60.0) }
}

/// Text that cannot become markup.
pub(super) fn escape(text: &str) -> String {
    text.chars().fold(String::new(), |mut out, c| {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
        out
    })
}

const POINTS_MAX: u64 = 120;
const PLACES_SHOWN: usize = 20;

#[cfg(test)]
mod tests;
