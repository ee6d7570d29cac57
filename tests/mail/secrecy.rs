//! U3 with e-mail on: the folder and a backup of it hold no address, and whoever has both confirms none by guessing; who
//! has the e-mail key does, which shows that the search would find one.

use crate::post_office::{Campaign, link};
use hmac::{Hmac, KeyInit, Mac};
use protocol::codec::{array_from_base64, to_base64, to_hex};
use protocol::invite::InviteLink;
use sha2::{Digest, Sha256};
use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use tests::folders::{copy_folder, files};

/// Those who really asked, in the middle of all that is guessed.
const TRUE: [&str; 3] = ["ann.real@example.org", "ben.real@cs.example.edu", "\u{e5}sa.real@example.org"];
const GUESSES: u32 = 10_000_000;

/// What lies on the disk, without the copies of what was public before.
struct Seized {
    campaign_id: [u8; 32],
    files: Vec<(PathBuf, Vec<u8>)>,
    /// What may be the random part of a used invite by e-mail: whatever stands behind the number of their batch.
    ids: HashSet<[u8; 8]>,
}

impl Seized {
    fn of(folder: &Path, campaign_id: [u8; 32]) -> Self {
        let files = files(folder);
        let windows = files.iter().flat_map(|(_, bytes)| bytes.windows(10));
        let ids = windows.filter(|window| window[..2] == [0xff, 0xff]).map(|window| window[2..].try_into().unwrap());
        let ids = ids.collect();
        Self { campaign_id, files, ids }
    }

    /// Whether an address is confirmed by a key: the invite that it would earn was used.
    fn confirms(&self, keyed: &Hmac<Sha256>, address: &str) -> bool {
        let mut mac = keyed.clone();
        mac.update(&self.campaign_id);
        mac.update(address.as_bytes());
        let random: [u8; 8] = mac.finalize().into_bytes()[..8].try_into().unwrap();
        self.ids.contains(&random)
    }

    /// Whether anything that lies there confirms one of these addresses when it is tried as the key: every 32 bytes that
    /// stand together anywhere, every text of such bytes, the digest of every file. What is public, and the sealed rows
    /// of the pool, which are megabytes of noise, are no keys.
    fn holds_a_key_for(&self, addresses: &[&str]) -> bool {
        let fits = |key: &[u8]| {
            let keyed = keyed(key);
            addresses.iter().any(|address| self.confirms(&keyed, address))
        };
        self.files.iter().any(|(path, bytes)| {
            let text = String::from_utf8_lossy(bytes);
            let mut words = text.split(|c: char| !c.is_ascii_alphanumeric() && !"-_=".contains(c));
            let public = ["places.json", "map.json"].iter().any(|name| path.ends_with(name));
            let small = !public && bytes.len() <= 1 << 20;
            fits(&Sha256::digest(bytes))
                || words.any(|word| array_from_base64::<32>(word, "").is_ok_and(|key| fits(&key)))
                || (small && bytes.windows(32).filter(|key| key[..8] != [0; 8]).any(fits))
        })
    }

    /// The files that hold keys or were made for keeping one: those that an attacker tries on millions.
    fn likely_keys(&self) -> BTreeSet<Vec<u8>> {
        let whole = self.files.iter().filter(|(_, bytes)| bytes.len() == 32).map(|(_, bytes)| bytes.clone());
        let check = self.files.iter().find(|(path, _)| path.ends_with("email.json")).map(|(_, bytes)| bytes);
        let check: serde_json::Value = serde_json::from_slice(check.unwrap()).unwrap();
        let check = protocol::codec::array_from_hex::<32>(check["key_check"].as_str().unwrap(), "").unwrap();
        whole.chain([check.to_vec(), self.campaign_id.to_vec(), Vec::new()]).collect()
    }
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::<Sha256>::new_from_slice(key).unwrap()
}

fn guess(number: u32) -> String {
    match TRUE.get((number.wrapping_sub(GUESSES / 2)) as usize) {
        Some(address) => (*address).to_owned(),
        None => format!("name{}.surname{}@cs.example.edu", number % 3163, number / 3163),
    }
}

/// The guesses that a key confirms, by all cores.
fn confirmed(seized: &Seized, key: &[u8]) -> Vec<String> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let keyed = keyed(key);
    std::thread::scope(|scope| {
        let share = |core: usize| {
            let keyed = &keyed;
            let numbers = (core..GUESSES as usize).step_by(cores).map(|number| u32::try_from(number).unwrap());
            scope.spawn(move || numbers.map(guess).filter(|guess| seized.confirms(keyed, guess)).collect::<Vec<_>>())
        };
        let shares: Vec<_> = (0..cores).map(share).collect();
        let mut found: Vec<String> = shares.into_iter().flat_map(|share| share.join().unwrap()).collect();
        found.sort();
        found
    })
}

/// The forms in which an address could have been written down without a key.
fn forms(address: &str) -> Vec<Vec<u8>> {
    let digest = Sha256::digest(address.as_bytes());
    let local = address.split('@').next().unwrap().as_bytes();
    let reversed: Vec<u8> = address.bytes().rev().collect();
    let base64 = to_base64(address.as_bytes());
    let core = base64.trim_end_matches('=');
    vec![
        local.to_vec(),
        address.to_uppercase().into_bytes(),
        reversed,
        core.as_bytes()[..core.len() - 2].to_vec(),
        to_hex(address.as_bytes()).into_bytes(),
        address.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        digest.to_vec(),
        to_hex(&digest).into_bytes(),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn u3_no_address_is_on_disk_or_in_a_backup_and_none_of_ten_million_guesses_is_confirmed() {
    let (mut campaign, office) = Campaign::start(100).await;
    for address in TRUE {
        assert_eq!(campaign.ask(address).await.status, 202);
    }
    for mail in office.until(TRUE.len()).await {
        let invite = InviteLink::parse(&link(&mail)).unwrap().invite.unwrap();
        campaign.world.register(&invite, 0).await;
    }
    // some wait and will never be sent, some were used before the tick, and all are looked for after it too
    drop(office);
    assert_eq!(campaign.ask("waiting.real@example.org").await.status, 202);
    let (live, backup) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    copy_folder(&campaign.world.data(), live.path());
    campaign.world.tick().await;
    for part in ["genesis.json", "keys", "attestation"] {
        let (from, to) = (campaign.world.data().join(part), backup.path().join(part));
        match from.is_dir() {
            true => copy_folder(&from, &to),
            false => std::fs::copy(&from, &to).map(|_| ()).unwrap(),
        }
    }
    let key: [u8; 32] = {
        let text = format!("{}=", campaign.world.email_key.as_ref().unwrap());
        array_from_base64(&text, "").unwrap()
    };
    campaign.world.stop().await;
    let id = *campaign.world.campaign.id().as_bytes();
    let mut seized = Seized::of(live.path(), id);
    let kept = Seized::of(backup.path(), id);
    seized.files.extend(kept.files);
    assert!(!kept.ids.is_empty());
    seized.ids.extend(kept.ids);
    for (path, bytes) in &seized.files {
        for address in TRUE.into_iter().chain(["waiting.real@example.org"]) {
            for form in forms(address) {
                assert!(!bytes.windows(form.len()).any(|window| window == form), "{} holds {address}", path.display());
            }
        }
        assert!(!bytes.windows(32).any(|window| window == key), "{} holds the e-mail key", path.display());
    }
    // who tries everything that is there as the key does not confirm even those whose addresses he knows
    assert!(!seized.holds_a_key_for(&TRUE));
    for candidate in seized.likely_keys() {
        assert_eq!(confirmed(&seized, &candidate), Vec::<String>::new());
    }
    // and with the key that was never there, exactly those who asked and came
    let mut came = TRUE.map(str::to_owned).to_vec();
    came.sort();
    assert_eq!(confirmed(&seized, &key), came);
}
