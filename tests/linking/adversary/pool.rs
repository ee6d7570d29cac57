//! The pool as whoever seizes the directory reads it: the key lies beside the rows (DESIGN §6), so all is opened. Written
//! from the description of the format, not with the server's code.

use aes_gcm_siv::aead::Aead;
use aes_gcm_siv::{Aes256GcmSiv, KeyInit, Nonce};
use hkdf::Hkdf;
use sha2::Sha256;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// For each pool its rows as they lie there, in the clear, one file each.
pub(super) fn opened(files: &[(PathBuf, Vec<u8>)]) -> Vec<(PathBuf, Vec<u8>)> {
    let mut pools: BTreeMap<&Path, [Option<&[u8]>; 2]> = BTreeMap::new();
    for (path, bytes) in files.iter().filter(|(path, _)| path.iter().any(|part| part == "redemption")) {
        for (index, name) in ["key", "rows"].into_iter().enumerate() {
            if path.ends_with(name) {
                pools.entry(path.parent().unwrap()).or_default()[index] = Some(bytes);
            }
        }
    }
    let open = |(folder, parts): (&Path, [Option<&[u8]>; 2])| {
        let [Some(key), Some(rows)] = parts else { panic!("{} is no pool", folder.display()) };
        (folder.join("opened/rows"), rows_of(key, rows))
    };
    pools.into_iter().map(open).collect()
}

fn rows_of(key: &[u8], rows: &[u8]) -> Vec<u8> {
    let mut sealing = [0; 32];
    Hkdf::<Sha256>::new(None, key).expand(b"headcount slot row", &mut sealing).unwrap();
    let cipher = Aes256GcmSiv::new(&sealing.into());
    let full = rows.chunks(512).filter(|slot| slot[..16] != [0; 16]);
    full.flat_map(|slot| {
        let payload = aes_gcm_siv::aead::Payload { msg: &slot[16..], aad: &slot[..16] };
        cipher.decrypt(&Nonce::try_from(&slot[..12]).unwrap(), payload).expect("a row opens")
    })
    .collect()
}
