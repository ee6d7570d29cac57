//! Bodies of forms, `application/x-www-form-urlencoded` as browsers write it and no otherwise (WHATWG URL, §5): every field
//! at most once, none that is not known, every value UTF-8.

use crate::error::Refusal;
use protocol::problem::Problem;
use std::collections::BTreeMap;

/// Media type of a form.
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

/// Reads the fields of a form that may have these. One that is left out is not in the map; one that is empty is there.
pub(crate) fn read(body: &[u8], fields: &[&str]) -> Result<BTreeMap<String, String>, Refusal> {
    parse(body, fields).map_err(|why| {
        Refusal::from(Problem::Malformed).with_detail(format!("The server could not read the form: {why}."))
    })
}

fn parse(body: &[u8], fields: &[&str]) -> Result<BTreeMap<String, String>, &'static str> {
    let mut found = BTreeMap::new();
    if body.is_empty() {
        return Ok(found);
    }
    for pair in body.split(|byte| *byte == b'&') {
        let equals = pair.iter().position(|byte| *byte == b'=').ok_or("it has a field without a value")?;
        let (name, value) = (decode(&pair[..equals])?, decode(&pair[equals + 1..])?);
        if !fields.contains(&name.as_str()) {
            return Err("it has a field that is not asked for here");
        }
        if found.insert(name, value).is_some() {
            return Err("it has a field twice");
        }
    }
    Ok(found)
}

/// A name or a value: what browsers leave as it is, `+` for a space, and all else as two hexadecimal digits.
fn decode(text: &[u8]) -> Result<String, &'static str> {
    let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text.iter());
    while let Some(byte) = rest.next() {
        let mut digit = || rest.next().and_then(|digit| char::from(*digit).to_digit(16));
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => match (digit(), digit()) {
                (Some(high), Some(low)) => u8::try_from(high << 4 | low).unwrap_or_default(),
                _ => return Err("it has a % without two hexadecimal digits"),
            },
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'*' | b'-' | b'.' | b'_' => *byte,
            _ => return Err("it has a character that no form has"),
        });
    }
    String::from_utf8(bytes).map_err(|_| "it has a value that is not UTF-8")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_form_is_read_as_browsers_write_it() {
        let read = |body: &str| parse(body.as_bytes(), &["batch", "count", "x"]).unwrap();
        assert_eq!(read("batch=a+b&count=3"), read("count=3&batch=a%20b"));
        assert_eq!(read("batch=%D1%8F%3D%26%2B%25&x=")["batch"], "я=&+%");
        assert_eq!(read("x=")["x"], "");
        assert_eq!(read("x=*-._%7e%7E")["x"], "*-._~~");
        assert!(read("").is_empty());
    }

    #[test]
    fn a_form_that_is_not_exactly_one_is_refused() {
        for bad in [
            "batch",
            "&",
            "batch=a&",
            "&batch=a",
            "batch=a&&x=",
            "=a",
            "batch=a&batch=a",
            "batch=a&batch=b",
            "Batch=a",
            "other=a",
            "batch=a=b",
            "batch=a;x=b",
            "batch=a b",
            "batch=%",
            "batch=%4",
            "batch=%4g",
            "batch=%+4",
            "batch=%-1",
            "batch=я",
            "batch=%FF",
            "batch=%ED%A0%80",
            "batch=%C0%80",
            "batch=\"a\"",
            "batch=a\r\n",
            "batch=~",
            "{\"batch\":1}",
            "batch=<",
            "batch[]=a",
            "batc%68=a&batch=a",
        ] {
            assert!(parse(bad.as_bytes(), &["batch", "x"]).is_err(), "{bad}");
        }
        let refusal = read(b"secret=1", &["batch"]).err().unwrap();
        assert_eq!(refusal.problem(), Problem::Malformed);
    }

    proptest! {
        #[test]
        fn whatever_comes_is_read_or_refused(body in proptest::collection::vec(any::<u8>(), 0..60)) {
            let _ = parse(&body, &["a", "b"]);
        }

        #[test]
        fn any_text_comes_back_from_a_form(value in any::<String>()) {
            let encoded: String = value.bytes().map(|byte| format!("%{byte:02X}")).collect();
            let read = parse(format!("a={encoded}").as_bytes(), &["a"]).unwrap();
            prop_assert_eq!(&read["a"], &value);
        }
    }
}
