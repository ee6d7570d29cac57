//! Pictures show what the drawings show.

use super::super::tests::{map, moment, russia, spread};
use super::super::{Chart, Overview};
use super::*;
use protocol::campaign::Campaign;
use protocol::publication::{Area, State};

struct Picture {
    width: usize,
    height: usize,
    colours: Vec<[u8; 3]>,
}

impl Picture {
    fn read(png: &[u8]) -> Self {
        let mut decoder = png::Decoder::new(std::io::Cursor::new(png));
        decoder.set_transformations(png::Transformations::EXPAND);
        let mut reader = decoder.read_info().unwrap();
        let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut bytes).unwrap();
        assert_eq!(info.color_type, png::ColorType::Rgb);
        let colours = bytes.chunks_exact(3).map(|p| [p[0], p[1], p[2]]).collect();
        Self { width: info.width as usize, height: info.height as usize, colours }
    }

    fn at(&self, x: i32, y: i32) -> [u8; 3] {
        self.colours[usize::try_from(y).unwrap() * self.width + usize::try_from(x).unwrap()]
    }

    fn green(&self, x: i32, y: i32) -> bool {
        let [red, green, blue] = self.at(x, y).map(u32::from);
        green > red + 40 && green > blue && red < 160
    }
}

fn overview(campaign: &'static Campaign) -> Overview {
    Overview::new(Arc::new(campaign.clone()), Some(map()))
}

#[test]
fn a_picture_has_the_circles_of_its_drawing() {
    let campaign = russia();
    let chart = Chart::new(map(), campaign);
    let far_apart = ["Anadyr", "Norilsk", "Yakutsk", "Vladivostok"];
    let places =
        (0..).zip(&campaign.places().places).filter(|(_, place)| far_apart.contains(&place.name["en"].as_str()));
    let list: Vec<(Area, u64)> = places.map(|(index, _)| (Area::place(index), 4000)).collect();
    assert_eq!(list.len(), far_apart.len());
    let moment = moment(campaign, State::Open, 5, list);
    let png = overview(campaign).picture(&moment, "en", "all.png").unwrap().unwrap();
    let picture = Picture::read(&png);
    let (_, drawing) = chart.drawings().next().unwrap();
    let svg = overview(campaign).figure(drawing, &moment, "en");
    assert_eq!((picture.width, picture.height), ((svg.width / UNIT) as usize, (svg.height / UNIT) as usize));
    let value = |element: &str, name: &str| -> i32 {
        element.split(&format!("{name}=\"")).nth(1).unwrap().split('"').next().unwrap().parse().unwrap()
    };
    let circles: Vec<&str> = svg.inner.split("<circle").skip(1).collect();
    assert!(circles.len() > far_apart.len(), "the places, and the key");
    for circle in circles {
        let [x, y, r] = ["cx", "cy", "r"].map(|name| value(circle, name) / UNIT);
        assert!(r < 4 || picture.green(x, y), "{circle}: {:?}", picture.at(x, y));
        assert!(r < 4 || !picture.green(x + r + 3, y - r - 3), "{circle} is no larger than that");
    }
    assert_eq!(picture.at(1, 1), PAPER);
    assert!(picture.colours.contains(&[0xeb, 0xe6, 0xda]), "there is land");
}

#[test]
fn letters_of_all_three_scripts_are_written() {
    let campaign = russia();
    let moment = moment(campaign, State::Open, 5, Vec::new());
    let mut seen = Vec::new();
    for lang in ["en", "ru", "fa"] {
        let picture = Picture::read(&overview(campaign).picture(&moment, lang, "europe.png").unwrap().unwrap());
        let dark = picture.colours.iter().filter(|colour| colour.iter().all(|part| *part < 90)).count();
        assert!(dark > 500, "{lang}: {dark} dark pixels");
        seen.push(dark);
    }
    seen.dedup();
    assert!(seen.len() > 1, "and not the same");
}

#[test]
fn pictures_of_all_russia_are_small_enough_for_a_slow_line() {
    let campaign = russia();
    let list = spread(campaign, 500_000.0).into_iter().map(|(area, number)| (area, number.max(10)));
    let moment = moment(campaign, State::Open, 5, list);
    let overview = overview(campaign);
    for name in overview.pictures() {
        let bytes = overview.picture(&moment, "ru", &name).unwrap().unwrap().len();
        let most = if name.contains("narrow") { 30_000 } else { 80_000 };
        assert!(bytes <= most, "{name} has {bytes} bytes");
    }
    assert!(overview.picture(&moment, "ru", "other.png").unwrap().is_none());
}

#[test]
fn the_icon_is_a_picture_too() {
    let picture = Picture::read_any(&icon());
    assert_eq!(picture, (32, 32));
}

impl Picture {
    fn read_any(png: &[u8]) -> (u32, u32) {
        let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
        let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut bytes).unwrap();
        (info.width, info.height)
    }
}
