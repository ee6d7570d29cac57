//! Headcount's own vectors: one small campaign from the issuer's key to the signed log, every value recomputed.
//!
//! The file is rewritten when HEADCOUNT_WRITE_VECTORS=1 is set; its issuer key is an input and stays.

#[path = "../support/log.rs"]
mod log;
#[path = "participation.rs"]
mod participation;

use crate::support::{self, LOG_SEED, ORGANISER_SEED, RECEIPT_SEED};
use data_encoding::{BASE64URL, HEXLOWER};
use ed25519_dalek::SigningKey;
use participation::{Participation, sha256};
use protocol::announcement::Announcement;
use protocol::campaign::Campaign;
use protocol::entry::Entry;
use protocol::invite::{Invite, InviteId, InviteKey, InviteLink};
use protocol::keys::IssuerPrivateKey;
use protocol::note::{NoteSigner, NoteVerifier, TreeHead};
use protocol::phrase::{campaign_numbers, campaign_words};
use protocol::receipt::{sign_receipt, verify_receipt};
use protocol::tile::{TileTree, leaf_hash};
use serde::Serialize;
use serde_json::Value;
use std::path::Path;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/headcount-v1.json");

/// The place of each participant of the log. The first five are published at tick 1, the others at the closing tick.
const PLACES: [u32; 15] = [4, 4, 4, 4, 4, 1, 1, 1, 2, 2, 3, 3, 3, 5, 5];

/// Which of them is shown in full: its place and region have numbers that show the byte order.
const SHOWN: usize = 13;

#[derive(Serialize)]
struct Document {
    about: String,
    members: Vec<Member>,
}

#[derive(Serialize)]
struct Member {
    name: String,
    /// How the value is written: see [`ABOUT`].
    form: String,
    what: String,
    value: Value,
}

impl Document {
    fn put(&mut self, name: &str, what: &str, value: impl Into<Value>) {
        let value = value.into();
        let form = match value.as_array().map_or(&value, |list| &list[0]) {
            Value::Number(_) => "number",
            _ => "text",
        };
        self.put_as(form, name, what, value);
    }

    fn put_as(&mut self, form: &str, name: &str, what: &str, value: impl Into<Value>) {
        assert!(self.members.iter().all(|member| member.name != name), "{name}");
        let value = value.into();
        let form = if value.is_array() { format!("list of {form}") } else { form.to_owned() };
        self.members.push(Member { name: name.to_owned(), form, what: what.to_owned(), value });
    }

    fn put_hex(&mut self, name: &str, what: &str, bytes: impl AsRef<[u8]>) {
        self.put_as("hex", name, what, HEXLOWER.encode(bytes.as_ref()));
    }
}

const ABOUT: &str = "Headcount, format version 1: one small campaign, from the issuer's key to the signed log. Members \
marked Input are given; every other one follows from those before it. The form of a value is number, text (a string as it is), hex (bytes \
in lower-case hexadecimal), base64url (bytes, with padding) or a list of one of these. Numbers on the wire are big endian, || joins \
bytes, text in quotes is ASCII.";

#[test]
fn headcount_v1_vectors_are_recomputed_byte_for_byte() {
    let given = std::fs::read_to_string(Path::new(FILE)).unwrap();
    let old: Value = serde_json::from_str(&given).unwrap();
    let key = &old["members"][0];
    assert_eq!(key["name"], "issuer_private_key");
    let issuer = BASE64URL.decode(key["value"].as_str().unwrap().as_bytes()).unwrap();
    let new = serde_json::to_string_pretty(&document(&issuer)).unwrap() + "\n";
    if std::env::var("HEADCOUNT_WRITE_VECTORS").is_ok_and(|value| value == "1") {
        std::fs::write(Path::new(FILE), new).unwrap();
    } else {
        let differing = given.lines().zip(new.lines()).find(|(given, new)| given != new);
        assert_eq!(differing, None, "the first line that differs");
        assert!(given == new, "one is a beginning of the other");
    }
}

fn document(issuer_der: &[u8]) -> Document {
    let issuer = IssuerPrivateKey::from_der(issuer_der).unwrap();
    let campaign = support::campaign(issuer.public());
    let mut out = Document { about: ABOUT.to_owned(), members: Vec::new() };
    put_keys(&mut out, &issuer);
    put_campaign(&mut out, &campaign);
    put_invite(&mut out, &campaign);
    let all: Vec<Participation> =
        (0u8..).zip(PLACES).map(|(index, place)| Participation::new(&issuer, &campaign, [index; 16], place)).collect();
    participation::put(&mut out, &campaign, &all[SHOWN]);
    put_receipt(&mut out, &campaign, &all[SHOWN]);
    participation::put_redrawn(&mut out, &issuer, &campaign);
    put_log(&mut out, &campaign, &all);
    out
}

fn put_keys(out: &mut Document, issuer: &IssuerPrivateKey) {
    let der = issuer.to_der().unwrap();
    out.put_as(
        "base64url",
        "issuer_private_key",
        "Input. The Issuer's RSA key of 2048 bits, e = 65537: PKCS#8 DER.",
        BASE64URL.encode(&der),
    );
    out.put_as(
        "base64url",
        "token_key",
        "Its public half: SubjectPublicKeyInfo with the RSASSA-PSS identifier and its parameters (SHA-384, MGF1 with \
         SHA-384, salt of 48 bytes) as RFC 9578, section 6.5, demands.",
        BASE64URL.encode(issuer.public().spki()),
    );
    let id = sha256(&[issuer.public().spki()]);
    assert_eq!(issuer.public().token_key_id().as_bytes(), &id);
    out.put_hex("token_key_id", "SHA-256(token_key).", id);
    for (name, what, seed) in [
        ("log_seed", "Input. Ed25519 seed of the key that signs checkpoints.", LOG_SEED),
        ("receipt_seed", "Input. Ed25519 seed of the key that signs receipts.", RECEIPT_SEED),
        ("organiser_seed", "Input. Ed25519 seed of the key that signs announcements.", ORGANISER_SEED),
    ] {
        out.put_hex(name, what, seed);
    }
}

fn put_campaign(out: &mut Document, campaign: &Campaign) {
    let genesis = campaign.genesis();
    let as_text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    out.put("places_json", "Input. The bytes of /places.json as text.", as_text(&support::places_json()));
    out.put(
        "genesis",
        "Input, apart from the public keys and from places_sha256, which are those of the members above. The bytes of \
         log entry 0 as text; map_sha256 is that of the two bytes {}.",
        as_text(campaign.genesis_bytes()),
    );
    let id = sha256(&[&[0], campaign.genesis_bytes()]);
    assert_eq!(campaign.id().as_bytes(), &id);
    out.put_hex("campaign_id", "SHA-256(0x00 || genesis), the RFC 6962 leaf hash of entry 0.", id);
    out.put(
        "campaign_numbers",
        "The first 88 bits of campaign_id as eight numbers of 11 bits, each plus one.",
        campaign_numbers(campaign.id()).to_vec(),
    );
    out.put(
        "campaign_words",
        "The same as words: number 1 is the first word of the English list of BIP-39.",
        campaign_words(campaign.id()).to_vec(),
    );
    let origin_info = format!("{},{}", genesis.origin_name, genesis.onion.as_deref().unwrap());
    let length = |text: &str| u16::try_from(text.len()).unwrap().to_be_bytes();
    let challenge = [
        &[0, 2][..],
        &length(&genesis.issuer_name),
        genesis.issuer_name.as_bytes(),
        &[32],
        &id,
        &length(&origin_info),
        origin_info.as_bytes(),
    ]
    .concat();
    assert_eq!(campaign.challenge().encode().unwrap(), challenge);
    assert_eq!(campaign.challenge_digest().as_bytes(), &sha256(&[&challenge]));
    out.put_hex(
        "token_challenge",
        "RFC 9577, section 2.1: uint16 2, issuer_name with a uint16 length, campaign_id with a uint8 length, then with \
         a uint16 length origin_name, a comma and onion (only origin_name where the genesis has no onion).",
        &challenge,
    );
    out.put_hex("challenge_digest", "SHA-256(token_challenge).", sha256(&[&challenge]));
}

fn put_invite(out: &mut Document, campaign: &Campaign) {
    let (key, batch, random) = ([4; 32], 259, [0xf0, 1, 2, 3, 4, 5, 6, 7]);
    out.put_hex("invite_key", "Input. The key that makes and recognises invites.", key);
    out.put("invite_batch", "Input. The number of a batch.", batch);
    out.put_hex("invite_random", "Input. Eight bytes, drawn at random for each invite.", random);
    let id = InviteId::new(batch, random);
    out.put_hex("invite_id", "uint16 invite_batch || invite_random.", id.as_bytes());
    let (key, invite) = (InviteKey::from_bytes(key), InviteKey::from_bytes(key).mint(campaign.id(), id));
    out.put(
        "invite_code",
        "invite_id || the first 10 bytes of HMAC-SHA-256(invite_key, campaign_id || invite_id), in Crockford's base32, \
         in groups of four.",
        invite.code().as_str(),
    );
    let read = Invite::parse(&invite.code()).unwrap();
    assert!(key.recognise(campaign.id(), &read) == Ok(id));
    let link = InviteLink { base_url: campaign.genesis().origin_url(), invite: Some(invite), campaign: campaign.id() };
    out.put(
        "invite_link",
        "https:// || origin_name || /join#i= || invite_code || &c= || campaign_id in lower-case base32 (RFC 4648) \
         without padding.",
        link.to_text().as_str(),
    );
    assert!(InviteLink::parse(&link.to_text()).is_ok_and(|read| read.invite == link.invite));
}

fn put_receipt(out: &mut Document, campaign: &Campaign, participation: &Participation) {
    let nonce = participation.token.nonce();
    let receipt = sign_receipt(&SigningKey::from_bytes(&RECEIPT_SEED), campaign.id(), &nonce);
    assert_eq!(verify_receipt(&campaign.genesis().receipt_key, campaign.id(), &nonce, &receipt), Ok(()));
    out.put_hex("receipt", "Ed25519 with receipt_seed over \"headcount/v1/receipt\" || campaign_id || nonce.", receipt);
}

fn put_log(out: &mut Document, campaign: &Campaign, all: &[Participation]) {
    let text = support::english("Saturday at noon.");
    let announcement = Announcement::sign(campaign, &ORGANISER_SEED, 1, Some(1_700_100_000), text).unwrap();
    out.put(
        "announcement_note",
        "A C2SP signed note by the key of organiser_seed with the name origin_name/campaign_id/organiser. Its text has \
         four lines: headcount/v1/announcement, campaign_id, the number of the announcement, its JSON.",
        announcement.note.as_str(),
    );
    let (mut pool, mut entries) = (Vec::new(), vec![campaign.genesis_bytes().to_vec()]);
    let page = Entry::Page { manifest_sha256: sha256(&[b"[]"]) };
    entries.push(page.encode());
    pool.extend(all.iter().map(Participation::pooled));
    entries.extend(log::tick(campaign, &mut pool, 1, false));
    entries.push(Entry::Announcement(announcement.note.into_bytes()).encode());
    entries.extend(log::tick(campaign, &mut pool, 4, true));
    assert!(pool.is_empty());
    check_log(campaign, &entries);

    let seeds: Vec<String> = all.iter().map(|one| HEXLOWER.encode(&one.seed)).collect();
    out.put_as("hex", "log_phrase_seeds", "Input. The phrase seeds of all participants of the log.", seeds);
    out.put("log_places", "Input. The place of each, in the same order.", PLACES.to_vec());
    let hex: Vec<String> = entries.iter().map(|entry| HEXLOWER.encode(entry)).collect();
    out.put_as(
        "hex",
        "log_entries",
        "The log: genesis; a page entry with the SHA-256 of the two bytes []; tick 1 with a group of place 4 (level 2); \
         the announcement; tick 4, which closes, with a group of the root (level 0), one of region 0 (level 1) and the \
         close entry. Groups stand in the order of level and area, the pledges of a group in the order of their bytes.",
        hex,
    );
    let mut tree = TileTree::new();
    let leaves: Vec<String> = entries.iter().map(|entry| HEXLOWER.encode(&leaf_hash(entry))).collect();
    assert_eq!(leaves[1], HEXLOWER.encode(&sha256(&[&[0], &entries[1]])));
    entries.iter().for_each(|entry| drop(tree.push(leaf_hash(entry))));
    out.put_as("hex", "log_leaf_hashes", "SHA-256(0x00 || entry) of each entry.", leaves);
    out.put_hex(
        "log_root",
        "The RFC 6962 root of these leaves; an inner node is SHA-256(0x01 || left || right).",
        tree.head().root,
    );
    let checkpoint = tree.head().sign(&NoteSigner::new(&campaign.log_name(), &LOG_SEED)).unwrap();
    let verifier = NoteVerifier::new(&campaign.log_name(), &campaign.genesis().log_key).unwrap();
    assert_eq!(TreeHead::open(&checkpoint, &verifier), Ok(tree.head()));
    out.put(
        "checkpoint_note",
        "A C2SP checkpoint by the key of log_seed; origin line and key name are origin_name/campaign_id.",
        String::from_utf8(checkpoint).unwrap(),
    );
}

/// The log of the vectors is a log that an auditor accepts, with every token.
fn check_log(campaign: &Campaign, entries: &[Vec<u8>]) {
    let (summary, tokens) = log::recount(campaign, entries).unwrap();
    assert_eq!((summary.sums.total(), tokens.len()), (15, 15));
    assert_eq!(summary.sums.iter().count(), 3, "one group at each level");
    for (token, area) in tokens {
        assert_eq!(token.verify_signature(campaign.token_key()), Ok(()), "{area:?}");
    }
}
