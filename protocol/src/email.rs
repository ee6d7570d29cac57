//! Invites that an e-mail address earns (DESIGN §3): the canonical address, the key that makes an invite's id of it, and
//! the domains that a campaign sends to. An address cannot be printed by accident, and erases itself.

use crate::campaign::CampaignId;
use crate::codec::to_base64;
use crate::error::Error;
use crate::invite::{EMAIL_BATCH, InviteId};
use crate::letters::{hides, joins};
use base64ct::{Base64UrlUnpadded, Encoding};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use unicode_normalization::UnicodeNormalization;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// What a campaign offers: how many invites, to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmailTerms {
    /// The most tokens that such invites may earn, a part of all who are eligible.
    pub maximum: u64,
    /// Where mail is sent to.
    pub domains: Domains,
}

/// An e-mail address in its one canonical form: trimmed, NFC, lower case, NFC again.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct EmailAddress(String);

impl EmailAddress {
    /// Bytes that an address may have (RFC 5321 §4.5.3.1.3, without the brackets).
    pub const BYTES_MAX: usize = 254;

    /// Reads what somebody typed. Quoted names and addresses of machines are refused: nobody has them.
    pub fn parse(text: &str) -> Result<Self, Error> {
        const WHAT: Error = Error::Malformed("e-mail address");
        let text = text.trim();
        if text.len() > 2 * Self::BYTES_MAX {
            return Err(WHAT); // before it is worked on; its canonical form may be shorter
        }
        let composed: Zeroizing<String> = Zeroizing::new(text.nfc().collect());
        let lower = Zeroizing::new(composed.to_lowercase());
        let address = Self(lower.nfc().collect());
        let (name, domain) = address.0.rsplit_once('@').ok_or(WHAT)?;
        let good = address.0.len() <= Self::BYTES_MAX && name.len() <= 64 && is_name(name) && is_domain(domain);
        if good { Ok(address) } else { Err(WHAT) }
    }

    /// The canonical form.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands behind the last `@`.
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

/// Words with dots between them (RFC 5322 §3.2.3, RFC 6532), in letters that can be seen: a mailbox must not earn another
/// invite with each that cannot. And none by which mail servers send on to another domain than the one behind the `@`, or
/// to a program: `user%elsewhere`, `elsewhere!user`, `|program`, encoded words (RFC 2047), and what looks like an option.
fn is_name(name: &str) -> bool {
    let letter = |c: char| {
        let plain = c.is_ascii_alphanumeric() || "#$&'*+-/=?^_`{}~".contains(c);
        plain || !(c.is_ascii() || c.is_whitespace() || c.is_control() || hides(c) || joins(c))
    };
    let leads_elsewhere = name.starts_with('-') || name.contains("=?");
    !leads_elsewhere && name.split('.').all(|word| !word.is_empty() && word.chars().all(letter))
}

/// Two labels or more, in the letters that the domain name system has.
fn is_domain(domain: &str) -> bool {
    let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let good = |label: &str| {
        let ends = label.starts_with('-') || label.ends_with('-');
        (1..=63).contains(&label.len()) && !ends && label.chars().all(letter)
    };
    let last = domain.rsplit('.').next().unwrap_or_default();
    domain.contains('.') && domain.split('.').all(good) && !last.chars().all(|c| c.is_ascii_digit())
}

/// The key that makes ids of addresses: 32 bytes, erased on drop, not printable. Whoever has it and the used ids can test
/// guessed addresses, so it is never in a campaign's folder. It stays at one place in memory, so that erasing it leaves none.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct EmailKey(Box<[u8]>);

impl EmailKey {
    /// A key of 32 random bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Box::new(bytes))
    }

    /// Reads the text that `init` showed.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut key = Self::from_bytes([0; 32]);
        let read = Base64UrlUnpadded::decode(text.trim().trim_end_matches('='), &mut key.0).map(<[u8]>::len);
        if read == Ok(32) { Ok(key) } else { Err(Error::Malformed("e-mail key")) }
    }

    /// The text that `init` shows: base64url, 43 characters.
    pub fn to_text(&self) -> Zeroizing<String> {
        let padded = Zeroizing::new(to_base64(&self.0));
        Zeroizing::new(padded.trim_end_matches('=').to_owned())
    }

    /// The id that an address earns, always the same.
    pub fn invite_id(&self, campaign: CampaignId, address: &EmailAddress) -> InviteId {
        let mac = self.mac(campaign.as_bytes(), address.0.as_bytes());
        let mut random = [0; 8];
        random.copy_from_slice(&mac[..8]);
        InviteId::new(EMAIL_BATCH, random)
    }

    /// What lies on the disk, so that another key is noticed before it makes other invites of the same addresses. It tells
    /// nothing of the key.
    pub fn check_value(&self, campaign: CampaignId) -> [u8; 32] {
        self.mac(b"headcount/v1/email-key-check", campaign.as_bytes())
    }

    fn mac(&self, first: &[u8], second: &[u8]) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        mac.update(first);
        mac.update(second);
        mac.finalize().into_bytes().into()
    }
}

/// The domains that a campaign sends to: `example.org` is that one, `*.edu` whatever ends in `.edu`, `*` any.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct Domains(Vec<String>);

impl Domains {
    /// Whether mail goes to this domain, in lower case.
    pub fn allow(&self, domain: &str) -> bool {
        let allows = |pattern: &String| match pattern.strip_prefix('*') {
            Some(end) => domain.len() > end.len() && domain.ends_with(end),
            None => domain == pattern,
        };
        self.0.iter().any(allows)
    }
}

impl TryFrom<Vec<String>> for Domains {
    type Error = Error;

    fn try_from(list: Vec<String>) -> Result<Self, Error> {
        let top = |name: &str| is_domain(&format!("x.{name}"));
        let good = |pattern: &String| match pattern.strip_prefix("*.") {
            Some(rest) => top(rest),
            None => pattern == "*" || is_domain(pattern),
        };
        if list.is_empty() || list.len() > Self::MAX || !list.iter().all(good) {
            return Err(Error::Malformed("list of e-mail domains"));
        }
        Ok(Self(list))
    }
}

impl Domains {
    /// How many a campaign may name.
    pub const MAX: usize = 100;
}

impl From<Domains> for Vec<String> {
    fn from(domains: Domains) -> Self {
        domains.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::{BASE64URL_NOPAD, HEXLOWER};

    fn canonical(text: &str) -> Option<String> {
        EmailAddress::parse(text).ok().map(|address| address.as_str().to_owned())
    }

    #[test]
    fn one_mailbox_in_many_spellings_is_one_address() {
        for spelling in ["ann@example.org", " Ann@Example.ORG\n", "ANN@EXAMPLE.org"] {
            assert_eq!(canonical(spelling).unwrap(), "ann@example.org");
        }
        // composed and decomposed, and a letter whose lower case has to be composed anew
        for spelling in ["\u{c5}sa@example.org", "A\u{30a}sa@example.org", "\u{212b}sa@example.org"] {
            assert_eq!(canonical(spelling).unwrap(), "\u{e5}sa@example.org");
        }
        for spelling in ["\u{1e9}@example.org", "\u{1e8}@example.org", "K\u{30c}@example.org"] {
            assert_eq!(canonical(spelling).unwrap(), "\u{1e9}@example.org");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long = format!("{}@example.org", "a".repeat(65));
        let longer = format!("a@{}.org", "example.".repeat(40));
        for bad in [
            "",
            "@",
            "ann",
            "ann@",
            "@example.org",
            "ann@localhost",
            "a b@example.org",
            "ann@exa mple.org",
            "ann@-a.org",
            "ann@example.org\r\nBcc: b@example.org",
            "ann@[127.0.0.1]",
            "ann@127.0.0.1",
            "\"a b\"@example.org",
            "a..b@example.org",
            ".a@example.org",
            "ann@example..org",
            "ann@example.org.",
            "a,b@example.org",
            "ann@b@example.org",
            "<ann@example.org>",
            "ann@m\u{fc}nchen.de",
            "an\u{200b}n@example.org",
            "ann\u{ad}@example.org",
            "\u{202e}ann@example.org",
            "ann\u{200d}@example.org",
            "ann%elsewhere.org@example.org",
            "elsewhere.org!ann@example.org",
            "=?utf-8?q?ann=40elsewhere.org=3e?=@example.org",
            "|program@example.org",
            "-oQ@example.org",
            &long,
            &longer,
        ] {
            assert!(canonical(bad).is_none(), "{bad}");
        }
        assert!(canonical("a.b+c'd@sub.xn--mnchen-3ya.de").is_some());
    }

    #[test]
    fn the_invite_of_an_address_is_the_formula() {
        let (key, campaign) = (EmailKey::from_bytes([7; 32]), CampaignId::from_bytes([9; 32]));
        let address = EmailAddress::parse("Ann@example.org").unwrap();
        let id = key.invite_id(campaign, &address);
        assert_eq!(id.batch(), EMAIL_BATCH);
        let mut mac = Hmac::<Sha256>::new_from_slice(&[7; 32]).unwrap();
        mac.update(&[&[9; 32][..], b"ann@example.org"].concat());
        assert_eq!(id.as_bytes()[2..], mac.finalize().into_bytes()[..8], "{}", HEXLOWER.encode(id.as_bytes()));
        let other = EmailAddress::parse("ann@example.com").unwrap();
        assert!(id != key.invite_id(campaign, &other));
        assert!(id != key.invite_id(CampaignId::from_bytes([8; 32]), &address));
        assert!(id != EmailKey::from_bytes([8; 32]).invite_id(campaign, &address));
    }

    #[test]
    fn a_key_reads_back_from_its_text_and_another_has_another_check_value() {
        let campaign = CampaignId::from_bytes([9; 32]);
        let key = EmailKey::from_bytes([251; 32]);
        let text = key.to_text();
        assert_eq!(*text, BASE64URL_NOPAD.encode(&[251; 32]));
        for text in [&*text, &format!("{}=\n", *text), &format!(" {} ", *text)] {
            assert_eq!(EmailKey::parse(text).ok().unwrap().check_value(campaign), key.check_value(campaign));
        }
        for bad in ["", "abc", &text[1..], &text.replace('-', "+").replace('_', "/")] {
            assert!(EmailKey::parse(bad).is_err(), "{bad}");
        }
        assert_ne!(EmailKey::from_bytes([1; 32]).check_value(campaign), key.check_value(campaign));
        assert_ne!(key.check_value(CampaignId::from_bytes([8; 32])), key.check_value(campaign));
    }

    #[test]
    fn a_domain_is_allowed_by_its_own_name_or_by_how_it_ends() {
        let of = |list: &[&str]| Domains::try_from(list.iter().map(|&name| name.to_owned()).collect::<Vec<_>>());
        let domains = of(&["example.org", "*.edu", "*.ac.uk"]).unwrap();
        for good in ["example.org", "mit.edu", "cs.mit.edu", "ox.ac.uk"] {
            assert!(domains.allow(good), "{good}");
        }
        for bad in ["edu", "a.example.org", "example.org.evil.com", "mitedu", "ac.uk", "fedu"] {
            assert!(!domains.allow(bad), "{bad}");
        }
        assert!(of(&["*"]).unwrap().allow("a.b"));
        for bad in [&[][..], &["*edu"], &["edu"], &["*.*"], &["Example.org"], &["a b.org"], &["*."], &[""]] {
            assert!(of(bad).is_err(), "{bad:?}");
        }
    }
}
