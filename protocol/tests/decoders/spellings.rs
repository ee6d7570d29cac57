//! Texts have one spelling where programs read them, and only the leniences that are meant where people type them:
//! invite codes, links, phrases, header values, ids, problems, dates.

use super::{ISSUER, support, token};
use proptest::prelude::*;
use protocol::auth_scheme::{challenge_header, parse_challenge_header, parse_token_header, token_header};
use protocol::campaign::CampaignId;
use protocol::codec::to_hex;
use protocol::date::{days_since_1970, utc};
use protocol::invite::{Invite, InviteId, InviteKey, InviteLink};
use protocol::phrase::{Phrase, PhraseMistake};
use protocol::problem::Problem;
use protocol::tile::TileName;

fn invite(random: [u8; 8]) -> Invite {
    InviteKey::from_bytes([7; 32]).mint(CampaignId::from_bytes([9; 32]), InviteId::new(1, random))
}

/// Ways in which people write one character of a code.
fn look_alikes(c: char, choice: usize) -> char {
    let all: &[char] = match c {
        '0' => &['0', 'o', 'O'],
        '1' => &['1', 'i', 'I', 'l', 'L'],
        _ => return if choice.is_multiple_of(2) { c } else { c.to_ascii_lowercase() },
    };
    all[choice % all.len()]
}

const ID: &str = "bmcqscijbmeqscijbmeqscijbmeqscijbmeqscijbmeqscijbmea";

#[test]
fn a_link_ends_in_zero_spare_bits_in_small_letters_of_its_own_alphabet() {
    let read = |id: &str| InviteLink::parse(&format!("https://h/join#c={id}"));
    assert!(read(ID).is_ok());
    let (front, _) = ID.split_at(51);
    let good: String =
        "abcdefghijklmnopqrstuvwxyz234567".chars().filter(|c| read(&format!("{front}{c}")).is_ok()).collect();
    assert_eq!(good, "aq", "four of the last five bits are spare");
    for at in 0..52 {
        for bad in ["0", "1", "8", "9", "=", "-", " ", "A", "\u{e9}", &ID[at..at + 1].to_uppercase()] {
            let mut other = ID.to_owned();
            other.replace_range(at..=at, bad);
            assert!(read(&other).is_err(), "{other}");
        }
    }
    assert!(read(&format!("{ID}=")).is_err() && read(&format!("{ID}====")).is_err());
}

#[test]
fn header_values_that_only_look_like_the_grammar_are_refused() {
    let value = token_header(&token());
    let (scheme, rest) = value.split_once(' ').unwrap();
    let text = rest.trim_start_matches("token=").trim_matches('"');
    for bad in [
        format!("{scheme}\ttoken=\"{text}\""),
        format!("{scheme} token=\"{text}"),
        format!("{scheme} token={text}\""),
        format!("{scheme} token=\"\"{text}\"\""),
        format!("{scheme} token='{text}'"),
        format!("{scheme} token =\"{text}\""),
        format!("{scheme} token= \"{text}\""),
        format!("{scheme} token=\"{text}\","),
        format!("{scheme} ,token=\"{text}\""),
        format!("{scheme} =\"{text}\""),
        format!("{scheme} token*=\"{text}\""),
        format!("{scheme} token=\"{}\"", text.trim_end_matches('=')),
        format!("{scheme} token=\"{text}=\""),
        format!("{scheme} token=\"{}\"", text.replace(['-', '_'], "+")),
        format!("{scheme} token=\" {text}\""),
        format!("{scheme}token=\"{text}\""),
        format!("{scheme}, token=\"{text}\""),
    ] {
        let changed = bad != value;
        assert!(!changed || parse_token_header(&bad).is_err(), "{bad}");
    }
    let campaign = support::campaign(ISSUER.public());
    let value = challenge_header(campaign.challenge(), campaign.token_key()).unwrap();
    assert!(parse_challenge_header(&value).is_ok());
    for more in [", =\"x\"", ", ", ", x", ", x y=\"1\"", ", x=\"1", ", (=1", ", x\u{e9}=1", ", x=a b"] {
        assert!(parse_challenge_header(&format!("{value}{more}")).is_err(), "{more}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_code_is_the_same_however_people_write_it_and_no_other_text_is_one(
        random: [u8; 8], choices in prop::collection::vec(0usize..30, 32), at in 0usize..32, strange in "[^0-9A-Za-z\\s-]|[uU]",
    ) {
        let code = invite(random).code().replace('-', "");
        let written: String = code.chars().zip(&choices).map(|(c, n)| look_alikes(c, *n)).collect();
        let spaced = choices.iter().zip(written.chars()).fold(String::new(), |mut text, (n, c)| {
            text.push_str(["", "-", " ", "\n"][n % 4]);
            text.push(c);
            text
        });
        for text in [&written, &spaced] {
            prop_assert!(Invite::parse(text) == Ok(invite(random)), "{}", text);
        }
        let mut other = written.clone();
        other.replace_range(at..=at, &strange);
        prop_assert!(Invite::parse(&other).is_err());
        prop_assert_eq!(Invite::mistyped_group(&other), Some(at / 4 + 1));
    }

    #[test]
    fn the_group_that_is_mistyped_is_told_only_of_codes_that_cannot_be_read(text in "[0-9A-Va-z -]{0,45}|\\PC{0,40}") {
        if let Some(group) = Invite::mistyped_group(&text) {
            prop_assert!(Invite::parse(&text).is_err() && (1..=9).contains(&group), "{} {}", group, text);
        }
    }

    #[test]
    fn a_link_that_is_read_is_written_back(host in "[a-z0-9.:\\[\\]-]{1,20}", id: [u8; 32], random in prop::option::of(any::<[u8; 8]>())) {
        let campaign = CampaignId::from_bytes(id);
        let link = InviteLink { base_url: format!("https://{host}"), invite: random.map(invite), campaign };
        if let Ok(read) = InviteLink::parse(&link.to_text()) {
            prop_assert_eq!(read.to_text(), link.to_text());
        }
        prop_assert!(CampaignId::parse(&to_hex(&id).to_uppercase()).is_err() || !to_hex(&id).contains(char::is_alphabetic));
    }

    #[test]
    fn a_phrase_is_the_same_in_words_and_numbers_and_a_mistake_is_found_where_it_is(
        seed: [u8; 16], as_number: [bool; 12], between in "[ \n\t,.]{1,3}", at in 0usize..12, sign in "[+-]", strange in "[a-z]{9,12}",
    ) {
        let phrase = Phrase::from_bytes(seed);
        let (words, numbers) = (phrase.words(), phrase.numbers());
        let both: Vec<(&str, &str)> = words.split(' ').zip(numbers.split(' ')).collect();
        let items: Vec<&str> = both.iter().zip(as_number).map(|((word, number), n)| if n { *number } else { *word }).collect();
        prop_assert!(Phrase::parse(&items.join(&between)) == Ok(phrase.clone()));
        let signed = format!("{sign}{}", both[at].1);
        for bad in [signed.as_str(), strange.as_str(), "0", "2049", "18446744073709551617", "1e1", "0x1"] {
            let mut other = items.clone();
            other[at] = bad;
            let other = other.join(" ");
            prop_assert!(Phrase::parse(&other).is_err(), "{}", bad);
            prop_assert_eq!(Phrase::mistake(&other), PhraseMistake::Unknown(at + 1));
        }
        let fewer = items[..at].join(" ");
        prop_assert!(Phrase::parse(&fewer).is_err());
        prop_assert_eq!(Phrase::mistake(&fewer), PhraseMistake::Count(at));
    }

    #[test]
    fn a_problem_has_one_type(name in "[a-z-]{0,24}", index in 0usize..16) {
        let urn = Problem::ALL[index].urn();
        prop_assert_eq!(Problem::from_urn(&urn), Some(Problem::ALL[index]));
        for other in [urn.to_uppercase(), format!("{urn} "), format!("{urn}#"), urn.replace("urn:", "")] {
            prop_assert_eq!(Problem::from_urn(&other), None);
        }
        let read = Problem::from_urn(&format!("urn:headcount:problem:{name}"));
        prop_assert!(read.is_none_or(|problem| problem.name() == name));
    }

    #[test]
    fn numbers_in_paths_of_tiles_have_one_spelling(number in 0u64..1_000_000, width in 1u32..256, level in 0u8..64) {
        let path = TileName { level: Some(level), index: number, width }.path();
        prop_assert!(TileName::parse(&path).is_ok());
        let (front, back) = path.split_once(".p/").unwrap();
        for other in [
            format!("{front}.p/0{back}"),
            format!("{front}.p/+{back}"),
            format!("{front}.p/{back} "),
            format!("{front}.p/{back}.0"),
            format!("{front}.p/{back}e0"),
            path.replace(&format!("tile/{level}/"), &format!("tile/0{level}/")),
            path.replace(&format!("tile/{level}/"), &format!("tile/+{level}/")),
            path.replacen(&format!("tile/{level}/"), &format!("tile/{level}/x000/"), 1),
            format!("/{path}"),
            path.to_uppercase(),
            path.replace('/', "//"),
        ] {
            prop_assert!(TileName::parse(&other).is_err(), "{}", other);
        }
    }

    #[test]
    fn every_second_of_the_calendar_is_written_as_the_day_it_lies_in(seconds in 0u64..1 << 40) {
        let text = utc(seconds);
        let numbers: Vec<i64> = text.split(['-', ' ', ':']).filter_map(|part| part.parse().ok()).collect();
        let [year, month, day, hour, minute] = numbers.as_slice() else { panic!("{text}") };
        let days = days_since_1970(*year, *month, *day);
        prop_assert_eq!(u64::try_from(days * 86_400 + hour * 3600 + minute * 60).unwrap(), seconds - seconds % 60);
    }
}
