//! Invites: what a Client shows the Attester (RFC 9576 leaves it open; DESIGN §3).
//!
//! Valid codes are recognised by their MAC, without a list of them. Nothing here says whether one was used.

use crate::campaign::{CampaignId, base_url as campaign_url, is_host};
use crate::error::Error;
use base32ct::{Base32Unpadded, Encoding};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// The batch of invites that are earned by an e-mail address.
pub const EMAIL_BATCH: u16 = 0xffff;

/// What tells one invite from another: `uint16 batch || random[8]`, 10 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InviteId([u8; 10]);

impl InviteId {
    /// Bytes of an id.
    pub const BYTES: usize = 10;

    /// The id of a batch's invite with these random bytes.
    pub fn new(batch: u16, random: [u8; 8]) -> Self {
        let mut id = [0; Self::BYTES];
        id[..2].copy_from_slice(&batch.to_be_bytes());
        id[2..].copy_from_slice(&random);
        Self(id)
    }

    /// An id as it stands on a disk.
    pub fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        Self(bytes)
    }

    /// The 10 bytes.
    pub fn as_bytes(&self) -> &[u8; Self::BYTES] {
        &self.0
    }

    /// The batch, which decides maxima and revocation.
    pub fn batch(&self) -> u16 {
        u16::from_be_bytes([self.0[0], self.0[1]])
    }
}

/// An invite code as shown by a Client: an id with a MAC that is not checked yet. It cannot be printed by accident.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Invite([u8; 20]);

impl Invite {
    /// Reads a code: 32 characters of Crockford base32; case, hyphens and white space do not matter, O is 0, I and L are 1.
    pub fn parse(code: &str) -> Result<Self, Error> {
        let compact: Zeroizing<String> =
            Zeroizing::new(code.chars().filter(|c| *c != '-' && !c.is_whitespace()).collect());
        let plain: Option<String> = compact.chars().map(from_crockford).collect();
        let plain = Zeroizing::new(plain.ok_or(Error::Malformed("invite code"))?);
        let bytes = Zeroizing::new(Base32Unpadded::decode_vec(&plain).map_err(|_| Error::Malformed("invite code"))?);
        Ok(Self(bytes.as_slice().try_into().map_err(|_| Error::Malformed("invite code"))?))
    }

    /// The first group of a mistyped code, counted from 1, that has a character which no code has, or not four of them;
    /// the ninth if there is more than a code. `None` if the code can be read: whether it is right, its server knows.
    pub fn mistyped_group(code: &str) -> Option<usize> {
        const GROUPS: usize = 8;
        let separates = |c: char| c == '-' || c.is_whitespace();
        let known = |c: char| c.is_ascii_alphanumeric() && !matches!(c, 'u' | 'U');
        if code.trim().contains(separates) {
            let good = |group: &str| group.chars().count() == 4 && group.chars().all(known);
            let groups = code.split(separates).filter(|group| !group.is_empty());
            let wrong = groups.clone().position(|group| !good(group));
            let wrong = wrong.or_else(|| (groups.clone().count() != GROUPS).then(|| groups.count().min(GROUPS)));
            return wrong.map(|index| index + 1).filter(|_| Self::parse(code).is_err());
        }
        let wrong = code.trim().chars().position(|c| !known(c));
        let length = code.trim().chars().count();
        let wrong = wrong.or_else(|| (length != 4 * GROUPS).then_some(length.min(4 * GROUPS)));
        wrong.map(|at| at / 4 + 1)
    }

    /// The code: 32 characters in groups of four.
    pub fn code(&self) -> Zeroizing<String> {
        let plain = Zeroizing::new(Base32Unpadded::encode_string(&self.0));
        let mut code = Zeroizing::new(String::with_capacity(39));
        for (index, character) in plain.chars().enumerate() {
            if index > 0 && index % 4 == 0 {
                code.push('-');
            }
            code.push(to_crockford(character));
        }
        code
    }
}

/// The key that makes and recognises invite codes: 32 bytes, erased on drop, not printable.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct InviteKey([u8; 32]);

impl InviteKey {
    /// A key from a key file.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes for the key file.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Makes the invite of an id.
    pub fn mint(&self, campaign: CampaignId, id: InviteId) -> Invite {
        let mut bytes = [0; 20];
        bytes[..10].copy_from_slice(&id.0);
        bytes[10..].copy_from_slice(&self.mac(campaign, &id).finalize().into_bytes()[..10]);
        Invite(bytes)
    }

    /// Checks the MAC in constant time and yields the id, or [`Error::Forged`].
    pub fn recognise(&self, campaign: CampaignId, invite: &Invite) -> Result<InviteId, Error> {
        let mut id = [0; InviteId::BYTES];
        id.copy_from_slice(&invite.0[..10]);
        let id = InviteId(id);
        self.mac(campaign, &id).verify_truncated_left(&invite.0[10..]).map_err(|_| Error::Forged("invite"))?;
        Ok(id)
    }

    fn mac(&self, campaign: CampaignId, id: &InviteId) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        mac.update(campaign.as_bytes());
        mac.update(&id.0);
        mac
    }
}

/// An invite link: `https://HOST/join#i=CODE&c=ID`. The fragment never reaches the server.
#[derive(Clone)]
pub struct InviteLink {
    /// Where the campaign is served: scheme and host, without a slash at the end.
    pub base_url: String,
    /// The invite, if the link carries one.
    pub invite: Option<Invite>,
    /// The campaign that the link names; it pins the campaign only if the link came from someone else than the server.
    pub campaign: CampaignId,
}

impl InviteLink {
    /// The link as text.
    pub fn to_text(&self) -> Zeroizing<String> {
        let id = Base32Unpadded::encode_string(self.campaign.as_bytes());
        let invite = self.invite.as_ref().map(|invite| Zeroizing::new(format!("i={}&", *invite.code())));
        let invite = invite.as_ref().map_or("", |text| text.as_str());
        Zeroizing::new(format!("{}/join#{invite}c={id}", self.base_url))
    }

    /// Reads a link: exactly `/join`, a campaign id `c`, at most one invite `i`, and nothing else.
    pub fn parse(text: &str) -> Result<Self, Error> {
        const WHAT: &str = "invite link";
        let (base_url, fragment) = text.trim().split_once("/join#").ok_or(Error::Malformed(WHAT))?;
        let (scheme, host) = base_url.split_once("://").ok_or(Error::Malformed(WHAT))?;
        if !is_host(host) || (scheme != "https" && base_url != campaign_url(host)) {
            return Err(Error::Malformed(WHAT)); // plain http shows everything on the way
        }
        let (mut invite, mut campaign) = (None, None);
        for member in fragment.split('&') {
            match member.split_once('=') {
                Some(("i", code)) if invite.is_none() => invite = Some(Invite::parse(code)?),
                Some(("c", id)) if campaign.is_none() => campaign = Some(parse_base32_id(id)?),
                _ => return Err(Error::Malformed(WHAT)),
            }
        }
        let campaign = campaign.ok_or(Error::Malformed(WHAT))?;
        Ok(Self { base_url: base_url.to_owned(), invite, campaign })
    }
}

/// 52 characters of lower-case RFC 4648 base32 without padding, spare bits zero.
fn parse_base32_id(text: &str) -> Result<CampaignId, Error> {
    const WHAT: &str = "campaign id";
    let bytes = Base32Unpadded::decode_vec(text).map_err(|_| Error::Malformed(WHAT))?;
    if Base32Unpadded::encode_string(&bytes) != text {
        return Err(Error::Malformed(WHAT)); // spare bits that are not zero
    }
    Ok(CampaignId::from_bytes(bytes.try_into().map_err(|_| Error::Malformed(WHAT))?))
}

/// The digit of RFC 4648 base32 that has the value of a digit of Crockford's, whose case does not matter and whose
/// look-alikes count.
fn from_crockford(digit: char) -> Option<char> {
    let digit = match digit.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    CROCKFORD.chars().position(|c| c == digit).and_then(|value| RFC_4648.chars().nth(value))
}

/// The other way; what is no digit stays as it is.
fn to_crockford(digit: char) -> char {
    RFC_4648.chars().position(|c| c == digit).and_then(|value| CROCKFORD.chars().nth(value)).unwrap_or(digit)
}

const CROCKFORD: &str = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const RFC_4648: &str = "abcdefghijklmnopqrstuvwxyz234567";

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> (InviteKey, CampaignId, Invite) {
        let (key, campaign) = (InviteKey::from_bytes([7; 32]), CampaignId::from_bytes([9; 32]));
        let invite = key.mint(campaign, InviteId::new(3, [5; 8]));
        (key, campaign, invite)
    }

    #[test]
    fn a_code_is_read_whatever_its_case_hyphens_and_look_alikes() {
        let (key, campaign, invite) = example();
        let code = invite.code();
        assert_eq!(code.len(), 39);
        let variants = [
            code.to_lowercase(),
            code.replace('-', ""),
            code.replace('0', "o").replace('1', "l"),
            format!(" {} ", *code),
        ];
        for variant in variants {
            let read = Invite::parse(&variant).unwrap();
            assert_eq!(key.recognise(campaign, &read).map(|id| id.batch()), Ok(3), "{variant}");
        }
        for bad in ["", "U000", &code[1..], &format!("{}0", *code), &code.replace('-', "_")] {
            assert!(Invite::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_mistyped_group_is_named_by_its_number() {
        let code = example().2.code().to_string();
        assert_eq!(Invite::mistyped_group(&code), None);
        assert_eq!(Invite::mistyped_group(&code.replace('-', "")), None);
        for group in 1..=8 {
            let at = (group - 1) * 5;
            let (mut other, mut shorter) = (code.clone(), code.clone());
            other.replace_range(at + 2..at + 3, "U");
            shorter.remove(at + 1);
            assert_eq!(Invite::mistyped_group(&other), Some(group), "{other}");
            assert_eq!(Invite::mistyped_group(&shorter), Some(group), "{shorter}");
            assert_eq!(Invite::mistyped_group(&other.replace('-', "")), Some(group), "{other} without hyphens");
            assert_eq!(Invite::mistyped_group(&shorter.replace('-', " ")), Some(group), "{shorter} with spaces");
        }
        assert_eq!(Invite::mistyped_group(&format!("{code}-0000")), Some(9));
        assert_eq!(Invite::mistyped_group(&code[..34]), Some(8), "one group is missing");
        assert_eq!(Invite::mistyped_group(&format!("{}0", code.replace('-', ""))), Some(9));
        assert_eq!(Invite::mistyped_group(""), Some(1));
    }

    #[test]
    fn every_flipped_bit_and_every_other_campaign_is_a_forged_code() {
        let (key, campaign, invite) = example();
        for bit in 0..160 {
            let mut forged = invite.clone();
            forged.0[bit / 8] ^= 1 << (bit % 8);
            assert!(key.recognise(campaign, &forged).is_err(), "bit {bit}");
        }
        assert!(key.recognise(CampaignId::from_bytes([8; 32]), &invite).is_err());
        assert!(InviteKey::from_bytes([8; 32]).recognise(campaign, &invite).is_err());
    }

    #[test]
    fn a_link_reads_back_and_anything_else_is_refused() {
        let (_, campaign, invite) = example();
        let link = InviteLink { base_url: "https://origin.example".to_owned(), invite: Some(invite), campaign };
        let text = link.to_text();
        let read = InviteLink::parse(&text).unwrap();
        assert!(read.invite == link.invite && read.campaign == campaign && read.base_url == link.base_url);
        let id = text.rsplit('=').next().unwrap();
        assert_eq!(id.len(), 52);
        let last = if id.ends_with('e') { "f" } else { "e" };
        let spare_bits = format!("https://h/join#c={}{last}", &id[..51]);
        for bad in [
            format!("https://h/join#c={}", id.to_uppercase()),
            format!("https://h/join#c={id}&c={id}"),
            format!("https://h/join#c={id}&x=1"),
            format!("ftp://h/join#c={id}"),
            format!("https://u@h/join#c={id}"),
            format!("http://h/join#c={id}"),
            format!("https://a b/join#c={id}"),
            format!("https://h\\x/join#c={id}"),
            "https://h/join".to_owned(),
            "https://h/join#".to_owned(),
            spare_bits,
        ] {
            assert!(InviteLink::parse(&bad).is_err(), "{bad}");
        }
    }
}
