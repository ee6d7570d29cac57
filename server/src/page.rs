//! The overview: who many there are, and where, on one page that needs no script. It is made of the published counts, the
//! campaign and the clock's grid; nothing pending, and nothing of who asks, can come in here.

use crate::error::Error;
use askama::Template;
use drawing::{Drawing, Size, Speech};
use list::RegionRow;
use map::Map;
use protocol::campaign::Campaign;
use protocol::counts::Counts;
use protocol::phrase::{campaign_numbers, campaign_words};
use protocol::publication::State;
use std::sync::Arc;
use texts::{Texts, Written, right_to_left, written};

pub(crate) mod assets;
mod drawing;
mod list;
pub(crate) mod map;
pub(crate) mod picture;
pub(crate) mod texts;

/// Media type of the pages.
pub(crate) const HTML: &str = "text/html; charset=utf-8";

/// What pages of this kind may do: load their own style, script and pictures, and nothing else.
pub(crate) const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

/// All that a page shows besides the campaign.
pub(crate) struct Moment {
    /// The published numbers.
    pub counts: Counts,
    /// Whether invites are still taken.
    pub issuing: bool,
}

/// What never changes about a campaign's overview.
pub(crate) struct Overview {
    campaign: Arc<Campaign>,
    chart: Option<Chart>,
}

/// The map, with each of its views in both sizes.
struct Chart {
    map: Map,
    /// `<path>` of land and borders.
    outline: String,
    views: Vec<[Drawing; 2]>,
}

impl Overview {
    /// Prepares the views of a map, if there is one.
    pub(crate) fn new(campaign: Arc<Campaign>, map: Option<Map>) -> Self {
        let chart = map.map(|map| Chart::new(map, &campaign));
        Self { campaign, chart }
    }

    /// The languages of the campaign.
    pub(crate) fn languages(&self) -> impl Iterator<Item = &str> {
        self.campaign.genesis().title.keys().map(String::as_str)
    }

    /// The page in one language. Blocking, some milliseconds.
    pub(crate) fn html(&self, moment: &Moment, lang: &str) -> Result<String, Error> {
        let page = Page::new(self, moment, lang);
        page.render().map_err(|error| Error::Refused(format!("the overview could not be written: {error}")))
    }

    /// The names of the pictures: the views, each also for narrow screens.
    pub(crate) fn pictures(&self) -> impl Iterator<Item = String> {
        let drawings = self.chart.iter().flat_map(|chart| chart.drawings());
        drawings.map(|(id, drawing)| picture_name(id, drawing.size()))
    }

    /// A picture of the map in one language, by its name. Blocking, some tenths of a second.
    pub(crate) fn picture(&self, moment: &Moment, lang: &str, name: &str) -> Result<Option<Vec<u8>>, Error> {
        let Some(chart) = &self.chart else { return Ok(None) };
        let mut drawings = chart.drawings();
        let Some((_, drawing)) = drawings.find(|(id, drawing)| picture_name(id, drawing.size()) == name) else {
            return Ok(None);
        };
        let Figure { inner, width, height } = self.figure(drawing, moment, lang);
        let (pixels_wide, pixels_high) = (width / drawing::UNIT, height / drawing::UNIT);
        let outline = &chart.outline;
        let svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{pixels_wide}\" height=\"{pixels_high}\" \
             viewBox=\"0 0 {width} {height}\"><defs>{outline}</defs>{inner}</svg>"
        );
        picture::draw(&svg, drawing.map_units_per_pixel()).map(Some)
    }

    fn figure(&self, drawing: &Drawing, moment: &Moment, lang: &str) -> Figure {
        let (texts, places) = (Texts::of(lang), &self.campaign.places().places);
        let name = |place: u32| places.get(place as usize).map_or("", |place| written(&place.name, lang).text);
        let fewer = self.fewer(texts);
        let speech = Speech { number: &|number| texts.number(number), fewer: &fewer };
        let plan = drawing.plan(&moment.counts.places, self.campaign.genesis().k, &name);
        let (width, height) = drawing.extent(&plan);
        Figure { inner: drawing.write(&plan, &speech), width, height }
    }

    fn fewer(&self, texts: &Texts) -> String {
        texts.count("fewer", "k", u64::from(self.campaign.genesis().k))
    }
}

/// A drawing at one moment, in its own units.
struct Figure {
    inner: String,
    width: i32,
    height: i32,
}

impl Chart {
    fn new(map: Map, campaign: &Campaign) -> Self {
        let point = |(index, place): (u32, &protocol::campaign::Place)| {
            Some((index, place.population, map.project(place.lat, place.lon)?))
        };
        let places: Vec<_> = (0..).zip(&campaign.places().places).filter_map(point).collect();
        let both = |view| [Size::Wide, Size::Narrow].map(|size| Drawing::new(view, size, &places));
        let views = map.views.iter().map(both).collect();
        let outline = format!("<path id=\"land\" d=\"{}\"/><path id=\"mesh\" d=\"{}\"/>", map.outline(), map.mesh);
        Self { map, outline, views }
    }

    fn drawings(&self) -> impl Iterator<Item = (&str, &Drawing)> {
        let views = self.map.views.iter().zip(&self.views);
        views.flat_map(|(view, both)| both.iter().map(|drawing| (view.id.as_str(), drawing)))
    }
}

fn picture_name(view: &str, size: Size) -> String {
    match size {
        Size::Wide => format!("{view}.png"),
        Size::Narrow => format!("{view}.narrow.png"), // no id of a view has a dot
    }
}

/// The template's view of it all.
#[derive(Template)]
#[template(path = "overview.html")]
struct Page<'a> {
    t: &'static Texts,
    assets: &'static assets::Assets,
    lang: &'a str,
    rtl: bool,
    languages: Vec<(&'a str, String)>,
    rehearsal: bool,
    announcement: Option<Said<'a>>,
    title: Written<'a>,
    text: Written<'a>,
    total: String,
    hoped_for: String,
    progress: String,
    bar_value: u64,
    bar_max: u64,
    reached: Option<String>,
    state: String,
    facts: Vec<Fact>,
    take_part: bool,
    groups: String,
    map: Option<MapPart<'a>>,
    regions: Vec<RegionRow<'a>>,
    /// Whether all regions are shown open: where there are few places.
    unfolded: bool,
    fewer: String,
    no_group: String,
    found: String,
    rest_of_all: Option<String>,
    words: String,
    numbers: String,
    id: String,
    url: String,
    onion: Option<String>,
    made_with: String,
}

/// An announcement.
struct Said<'a> {
    heading: String,
    date: Option<String>,
    text: Written<'a>,
}

/// When something is.
struct Fact {
    what: String,
    value: String,
    id: Option<&'static str>,
}

struct MapPart<'a> {
    outline: &'a str,
    attribution: &'a str,
    links: Vec<Link<'a>>,
    /// The whole last: it is shown where no other is chosen.
    views: Vec<ViewPart<'a>>,
}

struct Link<'a> {
    id: &'a str,
    name: Written<'a>,
    picture: String,
}

struct ViewPart<'a> {
    id: &'a str,
    drawings: String,
    summary: String,
    wide: String,
    narrow: String,
    width: i32,
    height: i32,
}

impl<'a> Page<'a> {
    fn new(overview: &'a Overview, moment: &'a Moment, lang: &'a str) -> Self {
        let (campaign, counts, t) = (&*overview.campaign, &moment.counts, Texts::of(lang));
        let (genesis, id) = (campaign.genesis(), campaign.id());
        let language = |tag: &'a String| (tag.as_str(), texts::own_name(tag));
        let said = counts.announcement.as_ref().map(|said| Said {
            heading: t.count("announcement", "number", u64::from(said.number)),
            date: said.date.map(|date| t.time(date, u32::MAX)),
            text: written(&said.text, lang),
        });
        let (total, target) = (t.number(counts.total), t.number(counts.target));
        let taking = matches!(counts.state, State::Collecting | State::Open | State::Closing);
        Self {
            t,
            assets: assets::Assets::get(),
            lang,
            rtl: right_to_left(lang),
            languages: genesis.title.keys().map(language).collect(),
            rehearsal: genesis.rehearsal,
            announcement: said,
            title: written(&genesis.title, lang),
            text: written(&genesis.text, lang),
            hoped_for: t.count("total", "target", counts.target),
            progress: t.with("progress", &[("total", &total), ("target", &target)]),
            bar_value: counts.total.min(counts.target),
            bar_max: counts.target,
            reached: (counts.total >= counts.target).then(|| t.with("target-reached", &[("target", &target)])),
            state: state(t, moment, taking),
            facts: facts(t, campaign, counts),
            take_part: taking,
            groups: t.count("groups", "k", u64::from(genesis.k)),
            map: overview.chart.as_ref().map(|chart| MapPart::new(overview, chart, moment, lang)),
            regions: list::rows(campaign, counts, lang),
            unfolded: campaign.places().places.len() <= UNFOLDED_MAX,
            fewer: overview.fewer(t),
            no_group: t.say("no-group"),
            found: t.with("search-found", &[("found", "{}")]),
            rest_of_all: (counts.root > 0).then(|| t.number(counts.root)),
            words: campaign_words(id).join(" "),
            numbers: campaign_numbers(id).map(|number| number.to_string()).join(" "),
            id: id.to_string(),
            url: genesis.origin_url(),
            onion: genesis.onion.as_ref().map(|onion| format!("http://{onion}/")),
            made_with: t.with("made-with", &[("version", env!("CARGO_PKG_VERSION"))]),
            total,
        }
    }
}

fn state(t: &Texts, moment: &Moment, taking: bool) -> String {
    let state = t.say(match moment.counts.state {
        State::Before => "state-before",
        State::Collecting => "state-collecting",
        State::Open => "state-open",
        State::Closing => "state-closing",
        State::Closed => "state-closed",
    });
    if taking && !moment.issuing { format!("{state} {}", t.say("invites-over")) } else { state }
}

/// When the last numbers came, and what comes when.
fn facts(t: &Texts, campaign: &Campaign, counts: &Counts) -> Vec<Fact> {
    let schedule = campaign.genesis().schedule();
    let time = |seconds| t.time(seconds, campaign.genesis().tick_seconds);
    let fact = |what, value, id| Fact { what: t.say(what), value, id };
    let latest = if counts.tick > 0 { time(schedule.end_of(counts.tick)) } else { t.say("none-yet") };
    let mut facts = vec![fact("latest", latest, Some("last-tick"))];
    match counts.state {
        State::Before => facts.push(fact("opens", time(schedule.opens), None)),
        State::Collecting => facts.push(fact("pledges-open", time(schedule.pledges_open), None)),
        State::Open | State::Closing => {
            let next = schedule.end_of((counts.tick + 1).max(1));
            facts.push(fact("next", time(next), Some("next-tick")));
        }
        State::Closed => {}
    }
    facts
}

impl<'a> MapPart<'a> {
    fn new(overview: &'a Overview, chart: &'a Chart, moment: &Moment, lang: &'a str) -> Self {
        let path = |id: &str, size| format!("/overview/{lang}/{}", picture_name(id, size));
        let link = |view: &'a map::View| Link {
            id: &view.id,
            name: written(&view.name, lang),
            picture: path(&view.id, Size::Wide),
        };
        let part = |(view, both): (&'a map::View, &[Drawing; 2])| {
            let [wide, narrow] = [0, 1].map(|which| overview.figure(&both[which], moment, lang));
            let published = both[0].places().filter(|place| moment.counts.places.contains_key(place)).count();
            let summary = Texts::of(lang).summary(written(&view.name, lang).text, published as u64);
            let mut drawings = String::new();
            for (figure, class) in [(&wide, "wide"), (&narrow, "narrow")] {
                drawings.push_str(&figure.element(class, &summary));
            }
            ViewPart {
                id: &view.id,
                drawings,
                summary,
                wide: path(&view.id, Size::Wide),
                narrow: path(&view.id, Size::Narrow),
                width: wide.width / drawing::UNIT,
                height: wide.height / drawing::UNIT,
            }
        };
        let mut views: Vec<ViewPart<'a>> = chart.map.views.iter().zip(&chart.views).map(part).collect();
        views.rotate_left(1);
        let links = chart.map.views.iter().map(link).collect();
        Self { outline: &chart.outline, attribution: &chart.map.attribution, links, views }
    }
}

impl Figure {
    fn element(&self, class: &str, summary: &str) -> String {
        let Self { inner, width, height } = self;
        let (pixels_wide, pixels_high) = (width / drawing::UNIT, height / drawing::UNIT);
        let summary = drawing::escape(summary);
        format!(
            "<svg class=\"{class}\" width=\"{pixels_wide}\" height=\"{pixels_high}\" viewBox=\"0 0 {width} {height}\" \
             role=\"img\" aria-label=\"{summary}\">{inner}</svg>"
        )
    }
}

/// So many places fit on some screens; more are shown region by region.
const UNFOLDED_MAX: usize = 150;

#[cfg(test)]
pub(crate) mod tests;
