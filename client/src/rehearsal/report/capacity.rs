//! What the machine carries: its own limits beside what was reached, and what a machine that runs nothing but the server
//! would carry.

use super::section;
use crate::rehearsal::account::{Account, grouped, per_cent};

/// The section, where the limits were measured.
pub(super) fn capacity(account: &Account) -> String {
    let Some(limits) = &account.limits else { return String::new() };
    let [tokens, pledges] = account.busiest_seconds();
    let row = |what: &str, limit: u64, reached: u64| {
        format!(
            "<tr><th scope=\"row\">{what}</th><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>",
            grouped(limit),
            grouped(reached),
            per_cent(reached as f64 / limit.max(1) as f64)
        )
    };
    let table = format!(
        "<div class=\"scroll\"><table><thead><tr><th scope=\"col\">each second</th><th scope=\"col\" class=\"n\">at most</th>\
         <th scope=\"col\" class=\"n\">reached</th><th scope=\"col\" class=\"n\">share</th></tr></thead><tbody>{}{}</tbody></table></div>",
        row("tokens, each an RSA signature", limits.signatures, tokens),
        row("pledges, each a verification", limits.verifications, pledges)
    );
    let said = format!(
        "At most: {} doing nothing else, measured before anybody came. Reached: in the busiest second.{}",
        match limits.cores {
            1 => "one core".to_owned(),
            cores => format!("{cores} cores"),
        },
        account.carried().map_or_else(String::new, |carried| format!(" {carried}"))
    );
    section("What the machine carries", &said, &table)
}
