//! The pages that the server writes: the overview, readable without script, and a word where the registration bundle is not built.

use protocol::campaign::{Campaign, Text};
use protocol::counts::Counts;
use protocol::date::utc;
use protocol::phrase::{campaign_numbers, campaign_words};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

mod words;

use words::Words;

/// Media type of the pages.
pub(crate) const HTML: &str = "text/html; charset=utf-8";

const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#1b1b1b;--paper:#fdfcf9;--quiet:#5d5a55;--line:#d9d5cc;--accent:#0b6b4f}\
@media(prefers-color-scheme:dark){:root{--ink:#eceae4;--paper:#161715;--quiet:#a9a59c;--line:#3a3a36;--accent:#5cc9a1}}\
body{margin:0 auto;padding:1.5rem 1rem 4rem;max-width:46rem;background:var(--paper);color:var(--ink);font:1.0625rem/1.55 system-ui,sans-serif}\
h1{font-size:1.9rem;line-height:1.2;margin:.5rem 0}h2{font-size:1.2rem;margin:2.2rem 0 .4rem}\
nav a{margin-right:.8rem}a{color:var(--accent)}\
.rehearsal{background:#a33;color:#fff;padding:.6rem 1rem;border-radius:.4rem;font-weight:700}\
.total{font-size:3rem;font-weight:700;line-height:1;margin:1.4rem 0 .2rem;font-variant-numeric:tabular-nums}\
progress{width:100%;height:1.1rem;accent-color:var(--accent)}\
.quiet,footer{color:var(--quiet);font-size:.95rem}\
.announcement{border-left:.3rem solid var(--accent);padding:.2rem 1rem;margin:1.5rem 0;white-space:pre-line}\
table{border-collapse:collapse;width:100%}td,th{padding:.25rem .5rem;border-bottom:1px solid var(--line);text-align:left}\
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}\
tr.region th{padding-top:1rem;font-weight:600}code{overflow-wrap:anywhere}";

/// The policy of these pages: nothing is loaded, nothing runs, only their own style applies.
pub(crate) fn content_security_policy() -> &'static str {
    static POLICY: LazyLock<String> = LazyLock::new(|| {
        let digest = data_encoding_base64(&Sha256::digest(STYLE));
        format!(
            "default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        )
    });
    &POLICY
}

/// The overview in one language. `next_tick` is the end of the tick under way, in Unix seconds.
pub(crate) fn overview(campaign: &Campaign, counts: &Counts, next_tick: u64, lang: &str) -> String {
    let words = Words::of(lang);
    let mut body = String::new();
    head_of_page(&mut body, campaign, lang);
    if let Some(announcement) = &counts.announcement {
        let date = announcement.date.map_or_else(String::new, |date| format!("<p><strong>{}</strong></p>", utc(date)));
        let text = escape(in_language(&announcement.text, lang));
        line(&mut body, &format!("<div class=\"announcement\">{date}<p>{text}</p></div>"));
    }
    let (total, target) = (counts.total, counts.target);
    line(&mut body, &format!("<p class=\"total\">{}</p>", grouped(total)));
    line(&mut body, &format!("<p>{}</p>", words.hoped_for.replace("{}", &grouped(target))));
    let value = total.min(target);
    line(&mut body, &format!("<progress max=\"{target}\" value=\"{value}\">{total} / {target}</progress>"));
    line(&mut body, &format!("<p>{}</p>", words.state(counts.state).replace("{}", &utc(next_tick))));
    let k = campaign.genesis().k.to_string();
    line(&mut body, &format!("<p class=\"quiet\">{}</p>", words.groups.replace("{}", &k)));
    places_table(&mut body, campaign, counts, lang);
    footer(&mut body, campaign, words);
    document(title(campaign, lang), lang, &body)
}

/// What pins the campaign, and how to check the numbers.
fn footer(body: &mut String, campaign: &Campaign, words: &Words) {
    let id = campaign.id();
    let spoken = campaign_words(id).join(" ");
    let numbers = campaign_numbers(id).map(|number| number.to_string()).join(" ");
    let origin = escape(&campaign.genesis().origin_url());
    let Words { check, campaign_words: compare, as_numbers, campaign_id, recount, .. } = words;
    line(body, &format!("<footer><h2>{check}</h2>"));
    line(body, &format!("<p>{compare}<br><strong>{spoken}</strong><br>{as_numbers} {numbers}</p>"));
    line(body, &format!("<p>{campaign_id} <code>{id}</code></p>"));
    line(body, &format!("<p>{recount} <code>headcount audit {origin}</code></p></footer>"));
}

fn head_of_page(body: &mut String, campaign: &Campaign, lang: &str) {
    let genesis = campaign.genesis();
    if genesis.title.len() > 1 {
        let link = |tag: &String| format!("<a href=\"/{0}/\" hreflang=\"{0}\">{0}</a>", escape(tag));
        line(body, &format!("<nav>{}</nav>", genesis.title.keys().map(link).collect::<String>()));
    }
    if genesis.rehearsal {
        line(body, &format!("<p class=\"rehearsal\">{}</p>", Words::of(lang).rehearsal));
    }
    line(body, &format!("<h1>{}</h1>", escape(title(campaign, lang))));
    line(body, &format!("<p>{}</p>", escape(in_language(&genesis.text, lang))));
}

/// A region with something published: its places by number, and what was published for the region itself.
struct RegionRow {
    total: u64,
    region: u32,
    places: Vec<(u64, u32)>,
}

/// All regions with something published, largest first.
fn region_rows(campaign: &Campaign, counts: &Counts) -> Vec<RegionRow> {
    let list = campaign.places();
    let mut rows: Vec<RegionRow> =
        (0..).zip(&list.regions).map(|(region, _)| RegionRow { total: 0, region, places: Vec::new() }).collect();
    for (place, count) in &counts.places {
        let Some(region) = list.region_of(*place) else { continue };
        rows[region as usize].places.push((*count, *place));
    }
    for row in &mut rows {
        row.places.sort_unstable_by(|a, b| b.cmp(a));
        let of_places: u64 = row.places.iter().map(|(count, _)| count).sum();
        row.total = of_places + counts.regions.get(&row.region).unwrap_or(&0);
    }
    rows.retain(|row| row.total > 0);
    rows.sort_unstable_by_key(|row| (std::cmp::Reverse(row.total), row.region));
    rows
}

fn places_table(body: &mut String, campaign: &Campaign, counts: &Counts, lang: &str) {
    let (words, list, rows) = (Words::of(lang), campaign.places(), region_rows(campaign, counts));
    if rows.is_empty() && counts.root == 0 {
        return;
    }
    let heading = |name: &str, count: u64| {
        let count = grouped(count);
        format!("<tr class=\"region\"><th scope=\"rowgroup\">{name}</th><th class=\"n\">{count}</th></tr>")
    };
    let row = |name: &str, count: u64| format!("<tr><td>{name}</td><td class=\"n\">{}</td></tr>", grouped(count));
    line(body, &format!("<h2>{}</h2><table><thead>", words.whereabouts));
    line(body, &format!("<tr><th scope=\"col\">{}</th>", words.place));
    line(body, &format!("<th scope=\"col\" class=\"n\">{}</th></tr></thead><tbody>", words.published));
    for RegionRow { total, region, places } in rows {
        line(body, &heading(&escape(in_language(&list.regions[region as usize].name, lang)), total));
        for (count, place) in places {
            line(body, &row(&escape(in_language(&list.places[place as usize].name, lang)), count));
        }
        if let Some(rest) = counts.regions.get(&region) {
            line(body, &row(words.rest_of_region, *rest));
        }
    }
    if counts.root > 0 {
        line(body, &heading(words.rest_of_all, counts.root));
    }
    line(body, "</tbody></table>");
}

fn document(title: &str, lang: &str, body: &str) -> String {
    let (title, lang) = (escape(title), escape(lang));
    format!(
        "<!doctype html>\n<html lang=\"{lang}\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><style>{STYLE}</style></head>\n<body>\n{body}</body></html>\n"
    )
}

fn title<'a>(campaign: &'a Campaign, lang: &str) -> &'a str {
    in_language(&campaign.genesis().title, lang)
}

/// A text in a language, or in the first that there is.
fn in_language<'a>(text: &'a Text, lang: &str) -> &'a str {
    text.get(lang).or_else(|| text.get("en")).or_else(|| text.values().next()).map_or("", String::as_str)
}

fn line(body: &mut String, text: &str) {
    body.push_str(text);
    body.push('\n');
}

/// A number with thin spaces between groups of three digits.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out
}

fn escape(text: &str) -> String {
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

/// The standard alphabet, which a CSP hash is written in.
fn data_encoding_base64(bytes: &[u8]) -> String {
    protocol::codec::to_base64(bytes).replace('-', "+").replace('_', "/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_campaign_says_cannot_become_markup() {
        assert_eq!(escape("<b a=\"'&"), "&lt;b a=&quot;&#39;&amp;");
    }

    #[test]
    fn numbers_read_as_people_write_them() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(1_234_567), "1\u{202f}234\u{202f}567");
    }
}
