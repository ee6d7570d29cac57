//! Backups of a small campaign: what is in them, and what they are refused for.

use super::*;
use crate::interruption::{START, Template, serve};
use age::secrecy::ExposeSecret;
use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// An age identity in a file, and its public key.
pub(crate) fn identity(folder: &Path, name: &str) -> (PathBuf, String) {
    let identity = age::x25519::Identity::generate();
    let file = folder.join(name);
    fs::write(&file, identity.to_string().expose_secret()).unwrap();
    (file, identity.to_public().to_string())
}

/// What is in a backup, by the libraries alone.
fn contents(file: &Path, identity: &Path) -> Vec<(String, Vec<u8>)> {
    let identity: age::x25519::Identity = fs::read_to_string(identity).unwrap().parse().unwrap();
    let plain = age::decrypt(&identity, &fs::read(file).unwrap()).unwrap();
    let mut archive = tar::Archive::new(plain.as_slice());
    let entries = archive.entries().unwrap().map(|entry| {
        let (mut entry, mut bytes) = (entry.unwrap(), Vec::new());
        entry.read_to_end(&mut bytes).unwrap();
        (entry.path().unwrap().to_str().unwrap().to_owned(), bytes)
    });
    entries.collect()
}

#[test]
fn u3_a_backup_holds_keys_and_used_invites_and_nothing_of_the_pool_or_of_the_last_tick() {
    let template = Template::make();
    let (folder, data) = template.copy();
    let served = serve(&data, &Arc::new(AtomicU64::new(START + 10))); // it may run
    fs::write(data.join("keys/removed-old"), "destroyed").unwrap();
    fs::write(data.join("attestation/used.tmp"), "half").unwrap();
    fs::write(data.join("plan"), "pending").unwrap();
    let (identity, recipient) = identity(folder.path(), "identity");
    let to = folder.path().join("backup.age");
    let saved = backup(&data, &to, &recipient).unwrap();
    let found = contents(&to, &identity);
    let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    let expected = [
        "genesis.json",
        "places.json",
        "map.json",
        "log/checkpoint",
        "organisers.json",
        "actions",
        "keys/invite",
        "keys/issuer.pkcs8",
        "keys/log",
        "keys/receipt",
        "attestation/batches.json",
        "attestation/used",
    ];
    assert_eq!((names, saved.files), (expected.to_vec(), expected.len()));
    for (name, bytes) in &found {
        assert_eq!(bytes, &fs::read(data.join(name)).unwrap(), "{name}");
    }
    let sealed = fs::read(&to).unwrap();
    let open = |bytes: &[u8]| sealed.windows(bytes.len()).any(|part| part == bytes);
    assert!(open(b"age-encryption.org/v1") && !open(b"keys/") && !open(&fs::read(data.join("keys/log")).unwrap()));
    assert_eq!(fs::metadata(&to).unwrap().permissions().mode() & 0o777, 0o600);
    drop(served);
}

#[test]
fn a_backup_that_cannot_be_made_leaves_nothing_and_replaces_nothing() {
    let template = Template::make();
    let (folder, data) = template.copy();
    let (_, recipient) = identity(folder.path(), "identity");
    let to = folder.path().join("backup.age");
    for (key, mentions) in [("age1", "public key"), ("", "public key"), (recipient.to_uppercase().as_str(), "age1")] {
        if let Err(error) = backup(&data, &to, key) {
            assert!(error.sentence().contains(mentions), "{}", error.sentence());
            assert!(!to.exists());
        }
    }
    fs::write(&to, "precious").unwrap();
    let said = backup(&data, &to, &recipient).err().unwrap().sentence();
    assert!(said.contains("not overwritten"), "{said}");
    assert_eq!(fs::read(&to).unwrap(), b"precious");
    let other = folder.path().join("other.age");
    fs::remove_file(data.join("attestation/used")).unwrap();
    assert!(backup(&data, &other, &recipient).is_err());
    raid::raid(&data, |_| {}).unwrap();
    let said = backup(&data, &other, &recipient).err().unwrap().sentence();
    assert!(said.contains("raid") && !other.exists(), "{said}");
}
