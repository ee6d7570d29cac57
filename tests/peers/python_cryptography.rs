//! Python's `cryptography` verifies every published pledge as a plain RSASSA-PSS signature, of which it need not know
//! that it was made blind.

use crate::foreign::verify_entries;
use crate::published::{Files, PLACES, Published, REGION, ROOT, folder_of};
use protocol::publication::Level;
use serde_json::json;

fn verified(files: &Files) -> Result<serde_json::Value, String> {
    verify_entries(folder_of(files).path())
}

#[tokio::test(flavor = "multi_thread")]
async fn v1_every_published_pledge_is_a_plain_rsassa_pss_signature_on_its_place() {
    let published = Published::get().await;
    let expected = json!({ "2": PLACES.iter().sum::<u64>(), "1": REGION, "0": ROOT });
    assert_eq!(verified(&published.files), Ok(expected));
}

#[tokio::test(flavor = "multi_thread")]
async fn v1_a_flipped_bit_or_another_area_is_no_signature_of_the_issuer() {
    let published = Published::get().await;
    for level in [Level::Place, Level::Region, Level::Root] {
        let number = published.first_pledge(level);
        let (bundle, start) = published.position(number);
        // behind the type, the level and the area: what it opens, what it leaves closed, the signature's both ends
        for at in [6, 37, 38, 69, 70, 325] {
            let refused = verified(&published.flipped(&bundle, start + at)).unwrap_err();
            assert!(refused.starts_with(&format!("entry {number}, ")), "{refused}");
        }
        // entries of level 0 name no area, and Python takes none but 0 there
        if level != Level::Root {
            let refused = verified(&published.flipped(&bundle, start + 5)).unwrap_err();
            assert!(refused.starts_with(&format!("entry {number}, ")), "{refused}");
        }
    }
    // the genesis is in what was signed: with one bit of it changed no pledge of the campaign verifies
    let title = published.files["campaign"].windows(7).position(|window| window == b"\"title\"").unwrap() + 16;
    let refused = verified(&published.flipped("campaign", title)).unwrap_err();
    assert!(refused.starts_with("entry 2, "), "{refused}");
}
