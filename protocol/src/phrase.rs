//! Phrase: twelve words from which every secret of one participation follows (DESIGN §2; BIP-39, RFC 5869).

use crate::campaign::CampaignId;
use crate::error::Error;
use crate::pledge::Pledge;
use bip39::Language;
use hkdf::Hkdf;
use rand_chacha::ChaCha20Rng;
use rand_core::{CryptoRng, SeedableRng};
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// 128 random bits, shown as 12 BIP-39 words of the English list or as 12 numbers from 1 to 2048.
/// The entropy itself, not BIP-39's PBKDF2 seed. A new one is made for every invite. It cannot be printed.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Phrase([u8; 16]);

impl Phrase {
    /// A fresh phrase.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        let mut seed = [0; 16];
        rng.fill_bytes(&mut seed);
        Self(seed)
    }

    /// The phrase of 16 given bytes.
    pub fn from_bytes(seed: [u8; 16]) -> Self {
        Self(seed)
    }

    /// Reads 12 words or 12 numbers, between white space, commas or full stops; the checksum must hold.
    pub fn parse(text: &str) -> Result<Self, Error> {
        Self::read(text).map_err(|_| Error::Malformed("phrase"))
    }

    /// What is wrong with a text that [`Phrase::parse`] refuses, for whoever typed it.
    pub fn mistake(text: &str) -> PhraseMistake {
        Self::read(text).err().unwrap_or(PhraseMistake::Checksum)
    }

    fn read(text: &str) -> Result<Self, PhraseMistake> {
        let lower = Zeroizing::new(text.to_ascii_lowercase()); // every letter of the list is one of ASCII
        let (mut indexes, mut count) = (Zeroizing::new([0; 12]), 0);
        for item in lower.split(separates).filter(|item| !item.is_empty()) {
            let index = index_of(item).ok_or(PhraseMistake::Unknown(count + 1))?;
            if let Some(free) = indexes.get_mut(count) {
                *free = index;
            }
            count += 1;
        }
        if count != 12 {
            return Err(PhraseMistake::Count(count));
        }
        // 132 bits: those of the seed, and four of checksum
        let mut seed = indexes[..11].iter().fold(0, |bits, index| bits << 11 | u128::from(*index));
        seed = seed << 7 | u128::from(indexes[11] >> 4);
        let phrase = Self(seed.to_be_bytes());
        seed.zeroize();
        if phrase.indexes()[11] == indexes[11] { Ok(phrase) } else { Err(PhraseMistake::Checksum) }
    }

    /// The 12 words, with a space between two.
    pub fn words(&self) -> Zeroizing<String> {
        let list = Language::English.word_list();
        let words: Vec<&str> = self.indexes().iter().map(|index| list[usize::from(*index)]).collect();
        Zeroizing::new(words.join(" "))
    }

    /// The 12 numbers, 1 for the first word of the list, with a space between two.
    pub fn numbers(&self) -> Zeroizing<String> {
        let numbers: Vec<String> = self.indexes().iter().map(|index| (index + 1).to_string()).collect();
        Zeroizing::new(numbers.join(" "))
    }

    /// Where the words stand in the list, counted from 0: 11 bits each, the last four of them the first of a SHA-256.
    fn indexes(&self) -> Zeroizing<[u16; 12]> {
        let checksum = u16::from(Sha256::digest(self.0)[0] >> 4);
        let bits = |from: usize| (from..from + 11).fold(0, |bits, n| bits << 1 | u16::from(self.bit(n)));
        let mut indexes = Zeroizing::new(std::array::from_fn(|word| bits(word * 11)));
        indexes[11] |= checksum;
        indexes
    }

    /// A bit of the seed, and zeros behind it.
    fn bit(&self, n: usize) -> bool {
        self.0.get(n / 8).is_some_and(|byte| byte >> (7 - n % 8) & 1 == 1)
    }

    /// The secrets of one participation. The place is part of the derivation: two requests that share a blinding
    /// factor link invite and pledge for certain, even if the second was refused.
    pub fn secrets(&self, campaign: CampaignId, place: u32) -> Secrets {
        let seeded = Hkdf::<Sha256>::new(None, &self.0);
        let derive = |purpose: &str| {
            let mut info = format!("headcount/v1/{purpose}").into_bytes();
            info.extend_from_slice(campaign.as_bytes());
            info.extend_from_slice(&place.to_be_bytes());
            let mut okm = [0; 32];
            seeded.expand(&info, &mut okm).expect("32 bytes are fewer than 255 blocks");
            okm
        };
        Secrets { place, place_salt: derive("place-salt"), region_salt: derive("region-salt"), blind: derive("blind") }
    }
}

/// What somebody mistyped. It repeats nothing of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhraseMistake {
    /// The item at this position, counted from 1, is neither a word of the list nor a number from 1 to 2048.
    Unknown(usize),
    /// There are so many words or numbers instead of 12.
    Count(usize),
    /// All 12 are there, but they do not belong together: one is another one, or two have changed places.
    Checksum,
}

/// All that one phrase yields for one place of one campaign. It cannot be printed.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Secrets {
    place: u32,
    place_salt: [u8; 32],
    region_salt: [u8; 32],
    blind: [u8; 32],
}

impl Secrets {
    /// The pledge for the place.
    pub fn pledge(&self) -> Pledge {
        Pledge { place: self.place, place_salt: self.place_salt, region_salt: self.region_salt }
    }

    /// The generator handed to `blind`: ChaCha20 with the key `blind`, nonce and counter zero. Its first 48 bytes
    /// are the PSS salt, what follows is the blinding factor; a vector pins both.
    pub fn blinding(&self) -> ChaCha20Rng {
        ChaCha20Rng::from_seed(self.blind)
    }
}

/// The first 88 bits of a campaign id as 8 words of the English list: to compare with a poster or another person.
pub fn campaign_words(id: CampaignId) -> [&'static str; 8] {
    campaign_numbers(id).map(|number| word_of(usize::from(number)).expect("11 bits plus one is at most 2048"))
}

/// The same as 8 numbers from 1 to 2048.
pub fn campaign_numbers(id: CampaignId) -> [u16; 8] {
    std::array::from_fn(|index| {
        let bit = |n: usize| u16::from(id.as_bytes()[n / 8] >> (7 - n % 8) & 1);
        (index * 11..index * 11 + 11).fold(0, |number, n| number << 1 | bit(n)) + 1
    })
}

/// What may stand between two words.
fn separates(c: char) -> bool {
    c.is_whitespace() || c == ',' || c == '.'
}

/// Where a word of the list, or its number from 1 to 2048, stands in the list, counted from 0.
fn index_of(item: &str) -> Option<u16> {
    if item.bytes().all(|byte| byte.is_ascii_digit()) {
        return item.parse::<u16>().ok().filter(|number| (1..=2048).contains(number)).map(|number| number - 1);
    }
    Language::English.find_word(item)
}

fn word_of(number: usize) -> Option<&'static str> {
    Language::English.word_list().get(number.checked_sub(1)?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phrase_reads_back_from_words_and_from_numbers_however_they_are_written() {
        let phrase = Phrase::from_bytes([0x7f; 16]);
        assert_eq!(
            phrase.words().as_str(),
            "legal winner thank year wave sausage worth useful legal winner thank yellow"
        );
        for text in
            [phrase.words().to_uppercase(), phrase.numbers().replace(' ', ", "), format!(" {}\n", *phrase.words())]
        {
            assert!(Phrase::parse(&text) == Ok(phrase.clone()), "{text}");
        }
    }

    #[test]
    fn a_phrase_with_a_wrong_word_count_or_checksum_is_refused() {
        let words = Phrase::from_bytes([0; 16]).words();
        let wrong_checksum = words.replace("about", "abandon");
        for bad in ["", "abandon", &wrong_checksum, &format!("{} about", *words), "0 1 1 1 1 1 1 1 1 1 1 1", "2049"] {
            assert!(Phrase::parse(bad).is_err(), "{bad}");
        }
        let twenty_four = format!("{} art", "abandon ".repeat(23).trim());
        assert!(Phrase::parse(&twenty_four).is_err());
    }

    #[test]
    fn a_mistake_in_a_phrase_is_named_by_its_position() {
        let phrase = Phrase::from_bytes([0x7f; 16]);
        let words = phrase.words().to_string();
        assert_eq!(Phrase::mistake(&words.replacen("wave", "wawe", 1)), PhraseMistake::Unknown(5));
        assert_eq!(Phrase::mistake(&format!("+{}", *phrase.numbers())), PhraseMistake::Unknown(1));
        assert_eq!(Phrase::mistake("1 2 2049"), PhraseMistake::Unknown(3));
        assert_eq!(Phrase::mistake(&format!("{words} zoo")), PhraseMistake::Count(13));
        assert_eq!(Phrase::mistake(""), PhraseMistake::Count(0));
        assert_eq!(Phrase::mistake(&words.replace("yellow", "zoo")), PhraseMistake::Checksum);
    }

    #[test]
    fn campaign_words_take_the_first_eighty_eight_bits() {
        let mut id = [0; 32];
        id[10] = 1; // the 88th bit
        id[11] = 0xff; // beyond it
        assert_eq!(campaign_numbers(CampaignId::from_bytes(id)), [1, 1, 1, 1, 1, 1, 1, 2]);
        assert_eq!(campaign_words(CampaignId::from_bytes([0xff; 32]))[7], "zoo");
    }
}
