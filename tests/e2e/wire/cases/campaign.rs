//! Cases of what comes before a token: link, code, phrase, genesis, places, key, directory.

use super::Cases;
use crate::wire::vectors::Vectors;
use protocol::codec::{to_base64, to_hex};
use serde_json::Value;

pub(super) fn put(cases: &mut Cases<'_>, vectors: &Vectors) {
    base64url(cases);
    codes(cases, vectors.text("invite_code"));
    links(cases, vectors.text("invite_link"), vectors.text("invite_code"));
    campaign_words(cases, vectors.text("campaign_id"));
    phrases(cases, vectors);
    names(cases);
    texts_of_the_genesis(cases, vectors.text("genesis"));
    numbers_of_the_genesis(cases, vectors.text("genesis"));
    places(cases, vectors.text("places_json"));
    keys(cases, &vectors.campaign().genesis().token_key);
    directory(cases, vectors.text("token_key"));
}

fn base64url(cases: &mut Cases<'_>) {
    for (what, text) in [("nothing", ""), ("one byte", "AQ=="), ("two bytes with both letters of its own", "_-8=")] {
        cases.good("base64url", what, text);
    }
    for (what, text) in [
        ("without padding", "_-8"),
        ("the standard alphabet", "/+8="),
        ("spare bits that are not zero", "_-9="),
        ("a space behind", "_-8= "),
        ("a line break behind", "_-8=\n"),
        ("too much padding", "AAAA="),
    ] {
        cases.refused("base64url", what, text);
    }
}

fn codes(cases: &mut Cases<'_>, code: &str) {
    cases.good("invite-code", "as it is written", code);
    cases.good("invite-code", "without hyphens", code.replace('-', ""));
    cases.good("invite-code", "in lower case", code.to_lowercase());
    cases.good("invite-code", "O for 0, I and L for 1", code.replace('0', "O").replacen('1', "I", 1).replace('1', "L"));
    cases.good("invite-code", "small o for 0 and l for 1", code.replace('0', "o").replace('1', "l"));
    cases.good("invite-code", "spaces and line breaks", format!(" {}\n", code.replace('-', " ")));
    cases.good("invite-code", "another id: nobody but the server sees that it is forged", code.replacen('4', "5", 1));
    cases.refused("invite-code", "nothing", "");
    cases.refused("invite-code", "a character too few", &code[1..]);
    cases.refused("invite-code", "a character too many", format!("{code}0"));
    cases.refused("invite-code", "a U", code.replacen('2', "U", 1));
    cases.refused("invite-code", "an underscore for a hyphen", code.replacen('-', "_", 1));
    cases.refused("invite-code", "padding", format!("{code}="));
}

fn links(cases: &mut Cases<'_>, link: &str, code: &str) {
    let (base, fragment) = link.split_once("/join#").unwrap();
    let id = fragment.split_once("&c=").unwrap().1;
    let of = |base: &str| format!("{base}/join#{fragment}");
    cases.good("invite-link", "as it is written", link);
    cases.good("invite-link", "white space around it", format!(" {link}\n"));
    cases.good("invite-link", "the members in another order", format!("{base}/join#c={id}&i={code}"));
    cases.good("invite-link", "without an invite", format!("{base}/join#c={id}"));
    cases.good("invite-link", "http to this device", of("http://127.0.0.1:8080"));
    cases.good("invite-link", "http to this device by its name", of("http://localhost:8080"));
    cases.good("invite-link", "http to an onion service", of("http://headcount.onion"));
    cases.refused("invite-link", "http to anybody else", of("http://origin.example:8443"));
    cases.refused("invite-link", "another scheme", of("ftp://origin.example"));
    cases.refused("invite-link", "a user name", of("https://anna@origin.example"));
    cases.refused("invite-link", "a host in upper case", of("https://Origin.example"));
    cases.refused("invite-link", "a path before it", of("https://origin.example/x"));
    cases.refused("invite-link", "a slash behind join", link.replace("/join#", "/join/#"));
    cases.refused("invite-link", "no fragment", format!("{base}/join"));
    cases.refused("invite-link", "no campaign", format!("{base}/join#i={code}"));
    cases.refused("invite-link", "the campaign twice", format!("{link}&c={id}"));
    cases.refused("invite-link", "the invite twice", format!("{link}&i={code}"));
    cases.refused("invite-link", "a member that is not known", format!("{link}&x=1"));
    cases.refused("invite-link", "the id in upper case", link.replace(id, &id.to_uppercase()));
    cases.refused("invite-link", "the id with padding", format!("{link}===="));
    cases.refused("invite-link", "the id with spare bits", format!("{}b", &link[..link.len() - 1]));
    cases.refused("invite-link", "the id cut off", &link[..link.len() - 1]);
    cases.refused("invite-link", "a code that is none", link.replace(code, &code[1..]));
}

fn campaign_words(cases: &mut Cases<'_>, id: &str) {
    cases.good("campaign-words", "of the campaign", id);
    cases.good("campaign-words", "zeros", "0".repeat(64));
    cases.good("campaign-words", "ones", "f".repeat(64));
    cases.good(
        "campaign-words",
        "only the last of the 88 bits, and all behind it",
        format!("{}1{}", "0".repeat(21), "f".repeat(42)),
    );
    cases.refused("campaign-words", "upper case", id.to_uppercase());
    cases.refused("campaign-words", "a digit too few", &id[1..]);
}

fn phrases(cases: &mut Cases<'_>, vectors: &Vectors) {
    let (words, numbers) = (vectors.text("phrase_words"), vectors.text("phrase_numbers"));
    cases.good("phrase", "words", words);
    cases.good("phrase", "numbers", numbers);
    cases.good("phrase", "upper case", words.to_uppercase());
    cases.good("phrase", "commas, full stops and line breaks", format!("{}.\n", words.replace(' ', ",\n")));
    let mixed = format!("105 {}", words.split_once(' ').unwrap().1);
    cases.good("phrase", "numbers among words", mixed);
    cases.good("phrase", "a number with a zero before it", numbers.replacen("105", "0105", 1));
    cases.good("phrase", "a space that is not of ASCII", words.replacen(' ', "\u{a0}", 1));
    cases.refused("phrase", "nothing", "");
    cases.refused("phrase", "hyphens between the words", words.replace(' ', "-"));
    cases.refused("phrase", "eleven words", words.rsplit_once(' ').unwrap().0);
    cases.refused("phrase", "thirteen words", format!("{words} zoo"));
    cases.refused("phrase", "another last word", format!("{} zoo", words.rsplit_once(' ').unwrap().0));
    cases.refused("phrase", "a word that is not of the list", words.replacen("drive", "drove", 1));
    cases.refused("phrase", "the number 0", numbers.replacen("105", "0", 1));
    cases.refused("phrase", "the number 2049", numbers.replacen("105", "2049", 1));
    cases.refused("phrase", "a sign", numbers.replacen("105", "+105", 1));
}

fn names(cases: &mut Cases<'_>) {
    for name in [
        "origin.example",
        "origin.example:8443",
        "localhost:1",
        "127.0.0.1:8080",
        "10.0.0.1",
        "[::1]:8080",
        "[2001:db8::1]",
        "abc.onion",
        "xn--80ak6aa92e.example:65535",
    ] {
        cases.good("name", name, name);
    }
    for name in [
        "",
        "Origin.example",
        "https://origin.example",
        "origin.example/",
        "origin.example.",
        "anna@origin.example",
        "origin..example",
        "-a.example",
        "a-.example",
        "a_b.example",
        "origin.example:",
        "origin.example:0",
        "origin.example:080",
        "origin.example:65536",
        "origin.example:+80",
        "10.0.0.256",
        "origin.1",
        "[]",
        "[127.0.0.1]",
        "::1",
        "m\u{fc}nchen.de",
    ] {
        cases.refused("name", &format!("\"{name}\""), name);
    }
}

/// A genesis with one part of its text replaced.
fn changed(genesis: &str, from: &str, to: &str) -> String {
    assert_eq!(genesis.matches(from).count(), 1, "{from}");
    genesis.replace(from, to)
}

fn texts_of_the_genesis(cases: &mut Cases<'_>, genesis: &str) {
    let with = |from, to| changed(genesis, from, to);
    cases.good("genesis", "of the campaign", genesis);
    cases.good("genesis", "a space in it: another campaign", with("{\"version\":1", "{ \"version\":1"));
    cases.good("genesis", "its members in another order: another campaign", {
        format!("{},\"version\":1}}", with("\"version\":1,", "").trim_end_matches('}'))
    });
    cases.good("genesis", "no onion service", with("\"headcount.onion\"", "null"));
    cases.good("genesis", "two languages", {
        let title = with("{\"en\":\"March\"}", "{\"en\":\"March\",\"ru\":\"\u{41c}\u{430}\u{440}\u{448}\"}");
        changed(&title, "{\"en\":\"We walk together.\"}", "{\"en\":\"We walk together.\",\"ru\":\"\"}")
    });
    for (what, from, to) in [
        ("a space before it", "{\"version\":1", " {\"version\":1"),
        ("version 2", "\"version\":1", "\"version\":2"),
        ("a version that is text", "\"version\":1", "\"version\":\"1\""),
        ("a member that is not known", "{\"version\":1", "{\"new\":1,\"version\":1"),
        ("a member twice", "{\"version\":1", "{\"version\":1,\"version\":1"),
        ("no version", "\"version\":1,", ""),
        ("no onion, not even null", "\"onion\":\"headcount.onion\",", ""),
        ("an onion service of another kind", "\"headcount.onion\"", "\"headcount.example\""),
        ("a title in two lines", "\"March\"", "\"March\\non\""),
        ("a lone surrogate", "\"March\"", "\"March\\ud83d\""),
        ("an empty title", "\"March\"", "\" \""),
        ("a title without language", "{\"en\":\"March\"}", "{}"),
        ("a title in another language than the text", "{\"en\":\"March\"}", "{\"de\":\"March\"}"),
        ("a language twice", "{\"en\":\"March\"}", "{\"en\":\"March\",\"en\":\"March\"}"),
        ("a tag that is none", "{\"en\":\"March\"}", "{\"e n\":\"March\"}"),
        ("an issuer with a scheme", "\"issuer.example\"", "\"https://issuer.example\""),
        ("keys of gateways as a list", "{\"issuer\":\"AQ==\"}", "[\"AQ==\"]"),
        ("a key of a gateway that is null", "{\"issuer\":\"AQ==\"}", "{\"issuer\":null}"),
        ("places of another digest", "JVcIVbwl", "JVcIVbwm"),
        ("a rehearsal that is a number", "\"rehearsal\":true", "\"rehearsal\":1"),
    ] {
        cases.refused("genesis", what, with(from, to));
    }
    cases.refused("genesis", "a list", format!("[{genesis}]"));
    cases.refused("genesis", "cut off", &genesis[..genesis.len() - 1]);
    cases.refused("genesis", "something behind it", format!("{genesis}{{}}"));
}

fn numbers_of_the_genesis(cases: &mut Cases<'_>, genesis: &str) {
    let with = |from, to| changed(genesis, from, to);
    for (what, from, to) in [
        ("k at its largest", "\"k\":5,\"", "\"k\":60,\""),
        ("issuing closes with the campaign", "\"issuing_closes\":1700030000", "\"issuing_closes\":1700039600"),
        ("tokens and pledges from the same moment", "\"opens\":1700000000", "\"opens\":1700003600"),
        ("keys of no gateway", "{\"issuer\":\"AQ==\"}", "{}"),
    ] {
        cases.good("genesis", what, with(from, to));
    }
    for (what, from, to) in [
        ("k = 4", "\"k\":5,\"", "\"k\":4,\""),
        ("k above 1,000", "\"k\":5,\"", "\"k\":1001,\""),
        ("k above eligible", "\"eligible\":60", "\"eligible\":4"),
        ("eligible above 100,000,000", "\"eligible\":60", "\"eligible\":100000001"),
        ("no target", "\"target\":100", "\"target\":0"),
        ("a target that is no whole number", "\"target\":100", "\"target\":100.0"),
        ("a negative target", "\"target\":100", "\"target\":-1"),
        ("ticks of no length", "\"tick_seconds\":3600", "\"tick_seconds\":0"),
        ("ticks that do not meet the end", "\"tick_seconds\":3600", "\"tick_seconds\":7000"),
        ("pledging before tokens", "\"pledges_open\":1700003600", "\"pledges_open\":1699996400"),
        ("closing before pledging", "\"closes\":1700039600", "\"closes\":1700003600"),
        ("issuing that ends when it begins", "\"issuing_closes\":1700030000", "\"issuing_closes\":1700000000"),
        ("issuing beyond the close", "\"issuing_closes\":1700030000", "\"issuing_closes\":1700039601"),
        ("a quorum without witnesses", "\"quorum\":0", "\"quorum\":1"),
        (
            "witnesses, which this version cannot check",
            "\"witnesses\":[],\"quorum\":0",
            "\"witnesses\":[\"w\"],\"quorum\":1",
        ),
        (
            "an Ed25519 key of 31 bytes",
            "iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w=",
            "iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPbw==",
        ),
        (
            "an Ed25519 key that is no point of the curve",
            "iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w=",
            "AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        ),
        (
            "an Ed25519 key of small order",
            "iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w=",
            "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        ),
    ] {
        cases.refused("genesis", what, with(from, to));
    }
}

fn places(cases: &mut Cases<'_>, places: &str) {
    let with = |from, to| places.replacen(from, to, 1);
    cases.good("places", "of the campaign", places);
    cases.good(
        "places",
        "one of one",
        "{\"regions\":[{\"name\":{}}],\"places\":[{\"region\":0,\"name\":{},\"lat\":1,\"lon\":-1.5,\"population\":0}]}",
    );
    cases.refused("places", "none", "{\"regions\":[{\"name\":{}}],\"places\":[]}");
    cases.refused("places", "of no region", "{\"regions\":[],\"places\":[]}");
    cases.refused("places", "a region that does not exist", with("\"region\":0", "\"region\":3"));
    cases.refused("places", "a negative region", with("\"region\":0", "\"region\":-1"));
    cases.refused("places", "no population", with(",\"population\":1000", ""));
    cases.refused("places", "a member that is not known", with("\"region\":0", "\"area\":0,\"region\":0"));
    cases.refused("places", "a name twice", with("{\"en\":\"Place 0\"}", "{\"en\":\"Place 0\",\"en\":\"Place 0\"}"));
    cases.refused(
        "places",
        "a place as a list",
        with(
            "{\"region\":0,\"name\":{\"en\":\"Place 0\"},\"lat\":50.5,\"lon\":10.25,\"population\":1000}",
            "[0,{\"en\":\"Place 0\"},50.5,10.25,1000]",
        ),
    );
}

/// The identifier of a plain RSA key, which other software writes.
const PLAIN_PREFIX: &str = "30820122300d06092a864886f70d01010105000382010f003082010a0282010100";

fn keys(cases: &mut Cases<'_>, spki: &[u8]) {
    let hex = to_hex(spki);
    let edited = |index: usize, byte: u8| {
        let mut bytes = spki.to_vec();
        bytes[index] = byte;
        to_hex(&bytes)
    };
    cases.good("issuer-key", "of the campaign", hex.as_str());
    cases.refused("issuer-key", "as a plain RSA key", format!("{PLAIN_PREFIX}{}", &hex[162..]));
    let shorter = [("30820152", "30820150"), ("0382010f00", "0382010d00"), ("3082010a0282", "308201080282")];
    let shorter = shorter.into_iter().fold(hex.clone(), |hex, (from, to)| hex.replacen(from, to, 1));
    cases.refused("issuer-key", "e = 3", shorter.strip_suffix("0203010001").unwrap().to_owned() + "020103");
    cases.refused("issuer-key", "e = 65539", edited(341, 3));
    cases.refused("issuer-key", "a modulus of 2047 bits", edited(81, 0x7f));
    cases.refused("issuer-key", "an even modulus", edited(336, spki[336] & 0xfe));
    let multiple_of_three = (1..=5).map(|step| edited(336, spki[336].wrapping_add(2 * step) | 1));
    let multiple_of_three = multiple_of_three.into_iter().find(|hex| digits_sum_to_multiple_of_three(&hex[162..674]));
    cases.refused("issuer-key", "a modulus that 3 divides", multiple_of_three.unwrap());
    cases.refused(
        "issuer-key",
        "SHA-256 instead of SHA-384",
        hex.replacen("0402020", "0402010", 1).replacen("040202a1", "040201a1", 1),
    );
    cases.refused("issuer-key", "a salt of 32 bytes", hex.replacen("a203020130", "a203020120", 1));
    cases.refused("issuer-key", "a byte more", format!("{hex}00"));
    cases.refused("issuer-key", "a byte less", &hex[..682]);
    cases.refused("issuer-key", "nothing", "");
}

/// 256 is one more than a multiple of three, so a number has the rest of the sum of its bytes.
fn digits_sum_to_multiple_of_three(hex: &str) -> bool {
    crate::wire::vectors::from_hex(hex).iter().map(|byte| u32::from(*byte)).sum::<u32>().is_multiple_of(3)
}

fn directory(cases: &mut Cases<'_>, key: &str) {
    let one = |token_type: Value, key: &str| serde_json::json!({ "token-type": token_type, "token-key": key });
    let of =
        |uri: &str, keys: Vec<Value>| serde_json::json!({ "issuer-request-uri": uri, "token-keys": keys }).to_string();
    let good = one(2.into(), key);
    cases.good("directory", "of the campaign", of("/token-request", vec![good.clone()]));
    cases.good("directory", "with members that are not known", {
        let mut more = good.clone();
        more["not-before"] = 1.into();
        of("/token-request", vec![more]).replacen('{', "{\"rotation\":null,", 1)
    });
    cases.refused("directory", "no key", of("/token-request", vec![]));
    cases.refused("directory", "the key twice", of("/token-request", vec![good.clone(), good.clone()]));
    cases.refused("directory", "of another type", of("/token-request", vec![one(1.into(), key)]));
    cases.refused("directory", "a type that is text", of("/token-request", vec![one("2".into(), key)]));
    cases.refused("directory", "another key", of("/token-request", vec![one(2.into(), &to_base64(&[0x30; 342]))]));
    cases.refused(
        "directory",
        "the key without its last letters",
        of("/token-request", vec![one(2.into(), &key[4..])]),
    );
    cases.refused("directory", "another path, which could be a mark", of("/token-request?who=1", vec![good.clone()]));
    cases.refused("directory", "another server", of("https://issuer.example/token-request", vec![good]));
    cases.refused("directory", "no JSON", "");
}
