//! What the page shows, of small campaigns and of all Russia.

use super::*;
use protocol::campaign_file::{Additions, CampaignFile};
use protocol::codec::to_base64;
use protocol::counts::Sums;
use protocol::keys::IssuerPrivateKey;
use protocol::note::NoteSigner;
use protocol::publication::Area;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

const FILE: &str = include_str!("../../campaigns/russia-2021/campaign.toml");
const PLACES: &[u8] = include_bytes!("../../campaigns/russia-2021/places.json");
const MAP: &[u8] = include_bytes!("../../campaigns/russia-2021/map.json");

static ISSUER: LazyLock<IssuerPrivateKey> = LazyLock::new(|| IssuerPrivateKey::generate(&mut rand::rng()).unwrap());

/// A campaign in three languages.
fn campaign(places: &[u8]) -> Campaign {
    let public = |seed| NoteSigner::new("", &[seed; 32]).public_key();
    let key = format!("organiser_key = \"{}\"\n[title]", to_base64(&public(3)));
    let mut file = CampaignFile::parse(&FILE.replacen("[title]", &key, 1)).unwrap();
    let genesis = file.genesis_mut();
    genesis.title.insert("fa".to_owned(), "روسیه ۲۰۲۱ (تمرین)".to_owned());
    genesis.text.insert("fa".to_owned(), "در بهار ۲۰۲۱ مردم در سراسر روسیه روی نقشه‌ای اعلام کردند که به گردهمایی خواهند آمد؛ قرار بود تاریخ آن هنگامی که شمار به ۵۰۰٬۰۰۰ نفر برسد اعلام شود. این تمرین آن رویداد است.".to_owned());
    let genesis = file.genesis(Additions {
        token_key: ISSUER.public().spki().to_vec(),
        log_key: public(1),
        receipt_key: public(2),
        places_sha256: Sha256::digest(places).into(),
        map_sha256: Sha256::digest(MAP).into(),
    });
    Campaign::new(&genesis.unwrap().encode(), places).unwrap()
}

/// The map as a campaign has it that chose no disputed territory.
fn map() -> Map {
    let mut map: serde_json::Value = serde_json::from_slice(MAP).unwrap();
    map.as_object_mut().unwrap().remove("disputed");
    Map::decode(map.to_string().as_bytes()).unwrap().unwrap()
}

fn moment(campaign: &Campaign, state: State, tick: i64, published: impl IntoIterator<Item = (Area, u64)>) -> Moment {
    let mut sums = Sums::default();
    published.into_iter().for_each(|(area, number)| sums.add(area, number));
    Moment { counts: Counts::new(campaign, state, tick, 1, &sums, None), issuing: true }
}

/// Numbers as a large campaign would have them: by population, unevenly, all at least k.
fn spread(campaign: &Campaign, total: f64) -> Vec<(Area, u64)> {
    let places = &campaign.places().places;
    let people: f64 = places.iter().map(|place| place.population as f64).sum();
    let number = |(index, place): (u32, &protocol::campaign::Place)| {
        let noise = 0.35 + f64::from(index.wrapping_mul(2_654_435_761) >> 8) / f64::from(1 << 24) * 1.3;
        let number = (total * place.population as f64 / people * noise) as u64;
        (Area::place(index), number)
    };
    (0..).zip(places).map(number).collect()
}

#[test]
fn look() {
    let campaign = Arc::new(campaign(PLACES));
    let overview = Overview::new(campaign.clone(), Some(map()));
    let root = std::path::Path::new("/tmp/look");
    let assets = assets::Assets::get();
    std::fs::create_dir_all(root.join("overview")).unwrap();
    for asset in [&assets.style, &assets.without_script, &assets.search] {
        std::fs::write(root.join(&asset.path[1..]), assets::at(&asset.path).unwrap().bytes()).unwrap();
    }
    std::fs::write(root.join("favicon.ico"), assets::icon().bytes()).unwrap();
    for (name, total, all) in
        [("early", 20_000.0, false), ("full", 480_000.0, true), ("none", 0.0, false), ("mid", 120_000.0, false)]
    {
        let numbers = spread(&campaign, total)
            .into_iter()
            .map(|(a, n)| (a, if all { n.max(10) } else { n }))
            .filter(|(_, n)| *n >= 10);
        let m = moment(
            &campaign,
            if name == "none" { State::Collecting } else { State::Open },
            if name == "none" { -3 } else { 31 },
            numbers,
        );
        for lang in ["en", "ru", "fa"] {
            let html = overview.html(&m, lang).unwrap();
            let dir = root.join(name).join(lang);
            std::fs::create_dir_all(&dir).unwrap();
            std::fs::write(dir.join("index.html"), &html).unwrap();
            for q in [6, 9, 11] {
                let mut small = Vec::new();
                let t = std::time::Instant::now();
                std::io::Write::write_all(&mut brotli::CompressorWriter::new(&mut small, 4096, q, 22), html.as_bytes())
                    .unwrap();
                eprintln!("{name} {lang} raw {} q{q} {} {:?}", html.len(), small.len(), t.elapsed());
            }
            if name != "mid" {
                for picture in overview.pictures() {
                    let t = std::time::Instant::now();
                    let png = overview.picture(&m, lang, &picture).unwrap().unwrap();
                    eprintln!("{picture} {} {:?}", png.len(), t.elapsed());
                    let dir = root.join("overview").join(lang);
                    std::fs::create_dir_all(&dir).unwrap();
                    std::fs::write(root.join(format!("{name}-{lang}-{picture}")), &png).unwrap();
                    std::fs::write(dir.join(&picture), &png).unwrap();
                }
            }
        }
    }
}
