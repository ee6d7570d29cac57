//! Exact, bounded reading of binary messages, and the text encodings of binary fields (DESIGN §3, RFC 8446 §3).
//!
//! Nothing here guesses: trailing bytes, other alphabets, missing padding and non-zero spare bits are errors.

use crate::error::Error;
use base64ct::{Base64Url, Encoding};

/// A cursor over a message; every read names the message it failed on.
pub struct Reader<'a> {
    rest: &'a [u8],
    what: &'static str,
}

impl<'a> Reader<'a> {
    /// Starts reading `bytes` as a `what`.
    pub fn new(bytes: &'a [u8], what: &'static str) -> Self {
        Self { rest: bytes, what }
    }

    /// The next `N` bytes.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let (head, rest) = self.rest.split_first_chunk::<N>().ok_or(Error::Malformed(self.what))?;
        self.rest = rest;
        Ok(*head)
    }

    /// One byte.
    pub fn u8(&mut self) -> Result<u8, Error> {
        Ok(u8::from_be_bytes(self.array()?))
    }

    /// Two bytes, big endian.
    pub fn u16(&mut self) -> Result<u16, Error> {
        Ok(u16::from_be_bytes(self.array()?))
    }

    /// Four bytes, big endian.
    pub fn u32(&mut self) -> Result<u32, Error> {
        Ok(u32::from_be_bytes(self.array()?))
    }

    /// A vector with a two-byte length before it.
    pub fn vector16(&mut self) -> Result<&'a [u8], Error> {
        let length = usize::from(self.u16()?);
        self.take(length)
    }

    /// A vector with a one-byte length before it.
    pub fn vector8(&mut self) -> Result<&'a [u8], Error> {
        let length = usize::from(self.u8()?);
        self.take(length)
    }

    /// Ends the reading: an error if a byte is left.
    pub fn finish(self) -> Result<(), Error> {
        if self.rest.is_empty() { Ok(()) } else { Err(Error::Malformed(self.what)) }
    }

    /// All that is left.
    pub fn rest(self) -> &'a [u8] {
        self.rest
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Error> {
        let (head, rest) = self.rest.split_at_checked(length).ok_or(Error::Malformed(self.what))?;
        self.rest = rest;
        Ok(head)
    }
}

/// Appends a vector with its two-byte length. The caller has bounded it.
pub(crate) fn put_vector16(out: &mut Vec<u8>, bytes: &[u8], what: &'static str) -> Result<(), Error> {
    let length = u16::try_from(bytes.len()).map_err(|_| Error::Malformed(what))?;
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(bytes);
    Ok(())
}

/// base64url with padding, the encoding of every binary field in JSON and in headers.
pub fn to_base64(bytes: &[u8]) -> String {
    Base64Url::encode_string(bytes)
}

/// Reads base64url with padding, exactly.
pub fn from_base64(text: &str, what: &'static str) -> Result<Vec<u8>, Error> {
    Base64Url::decode_vec(text).map_err(|_| Error::Malformed(what))
}

/// Reads base64url with padding into exactly `N` bytes.
pub fn array_from_base64<const N: usize>(text: &str, what: &'static str) -> Result<[u8; N], Error> {
    from_base64(text, what)?.try_into().map_err(|_| Error::Malformed(what))
}

/// Lower-case hexadecimal, the encoding of a campaign id in JSON, notes and file names.
pub fn to_hex(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(bytes)
}

/// Reads lower-case hexadecimal into exactly `N` bytes.
pub fn array_from_hex<const N: usize>(text: &str, what: &'static str) -> Result<[u8; N], Error> {
    let bytes = base16ct::lower::decode_vec(text).map_err(|_| Error::Malformed(what))?;
    bytes.try_into().map_err(|_| Error::Malformed(what))
}

/// What is wrong with a document, in one harmless line. The page never shows it, and does without the tables of characters
/// that it takes.
pub(crate) fn in_words(error: &serde_json::Error) -> String {
    if cfg!(target_arch = "wasm32") { String::new() } else { error.to_string().escape_debug().to_string() }
}

/// Serde for a fixed-size binary field as base64url with padding: `#[serde(with = "codec::base64_array")]`.
pub(crate) mod base64_array {
    use serde::{Deserialize, Deserializer, Serializer, de::Error as _};

    pub(crate) fn serialize<S: Serializer, const N: usize>(bytes: &[u8; N], s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&super::to_base64(bytes))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>, const N: usize>(d: D) -> Result<[u8; N], D::Error> {
        let text = String::deserialize(d)?;
        super::array_from_base64(&text, "binary field").map_err(D::Error::custom)
    }
}

/// Serde for a binary field of any size as base64url with padding: `#[serde(with = "codec::base64_bytes")]`.
pub(crate) mod base64_bytes {
    use serde::{Deserialize, Deserializer, Serializer, de::Error as _};

    pub(crate) fn serialize<S: Serializer>(bytes: &[u8], s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&super::to_base64(bytes))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(d)?;
        super::from_base64(&text, "binary field").map_err(D::Error::custom)
    }
}

/// Serde for structs that must stand as JSON objects: derived readers would also take a list of the members' values.
pub(crate) mod object {
    use serde::de::value::MapAccessDeserializer;
    use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
    use std::{fmt, marker::PhantomData};

    /// A value that stood as an object.
    pub(crate) struct Object<T>(pub(crate) T);

    struct Members<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
        type Value = Object<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<Self::Value, A::Error> {
            T::deserialize(MapAccessDeserializer::new(access)).map(Object)
        }
    }

    impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
        fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
            d.deserialize_map(Members(PhantomData))
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>, T: Deserialize<'de>>(d: D) -> Result<T, D::Error> {
        Object::deserialize(d).map(|object| object.0)
    }

    pub(crate) fn deserialize_list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(d: D) -> Result<Vec<T>, D::Error> {
        let list = Vec::<Object<T>>::deserialize(d)?;
        Ok(list.into_iter().map(|object| object.0).collect())
    }
}

/// Serde for a JSON object whose members must differ: plain maps keep the last of two and say nothing.
pub(crate) mod unique_map {
    use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
    use std::{collections::BTreeMap, fmt, marker::PhantomData};

    struct Unique<K, V>(PhantomData<(K, V)>);

    impl<'de, K: Deserialize<'de> + Ord, V: Deserialize<'de>> Visitor<'de> for Unique<K, V> {
        type Value = BTreeMap<K, V>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object without repeated members")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
            let mut map = BTreeMap::new();
            while let Some((key, value)) = access.next_entry()? {
                if map.insert(key, value).is_some() {
                    return Err(A::Error::custom("repeated member"));
                }
            }
            Ok(map)
        }
    }

    pub(crate) fn deserialize<'de, D, K, V>(d: D) -> Result<BTreeMap<K, V>, D::Error>
    where
        D: Deserializer<'de>,
        K: Deserialize<'de> + Ord,
        V: Deserialize<'de>,
    {
        d.deserialize_map(Unique(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_refuses_truncation_and_trailing_bytes() {
        let mut short = Reader::new(&[0, 1, 2], "thing");
        assert_eq!(short.u32(), Err(Error::Malformed("thing")));
        let mut long = Reader::new(&[0, 1, 2], "thing");
        assert_eq!(long.u16(), Ok(1));
        assert_eq!(long.finish(), Err(Error::Malformed("thing")));
        let mut vector = Reader::new(&[0, 2, 9], "thing");
        assert_eq!(vector.vector16(), Err(Error::Malformed("thing")));
    }

    #[test]
    fn base64_is_refused_without_padding_in_the_other_alphabet_or_with_spare_bits() {
        assert_eq!(from_base64("_-8=", "x"), Ok(vec![0xff, 0xef]));
        for bad in ["_-8", "/+8=", "_-9=", "_-8= ", "_-8=\n"] {
            assert!(from_base64(bad, "x").is_err(), "{bad:?}");
        }
    }

    #[test]
    fn hexadecimal_is_lower_case_and_of_one_length() {
        assert_eq!(array_from_hex::<2>("00ff", "x"), Ok([0, 255]));
        for bad in ["00FF", "00f", "00ff00", ""] {
            assert!(array_from_hex::<2>(bad, "x").is_err(), "{bad:?}");
        }
    }
}
