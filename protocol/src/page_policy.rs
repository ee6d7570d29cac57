//! Under which policy the registration page is served (Content Security Policy Level 3): what it may load, run and ask.
//!
//! It follows from the genesis alone, so that an auditor can demand it word for word of any answer below `/join`. It
//! never lets a page ask a server that the genesis does not name.

use crate::campaign::Genesis;

/// The policy of every answer at `/join` and below it.
pub fn page_policy(genesis: &Genesis) -> String {
    let mut asked = vec!["'self'".to_owned()];
    if genesis.issuer_name != genesis.origin_name {
        asked.push(genesis.issuer_url());
    }
    asked.extend(genesis.relays.iter().filter_map(|relay| server_of(relay)));
    format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; style-src 'self'; img-src 'self'; \
         connect-src {}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
         require-trusted-types-for 'script'; trusted-types headcount-worker",
        asked.join(" ")
    )
}

/// Scheme, host and port of a URL, unless something in them would end an item of a policy.
fn server_of(url: &str) -> Option<String> {
    let (scheme, rest) = ["https://", "http://"].into_iter().find_map(|one| Some((one, url.strip_prefix(one)?)))?;
    let server = rest.split('/').next().filter(|server| !server.is_empty())?;
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-:[]".contains(c);
    server.chars().all(plain).then(|| format!("{scheme}{server}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_servers_of_the_genesis_get_into_the_policy() {
        assert_eq!(server_of("https://relay.example/path?query").as_deref(), Some("https://relay.example"));
        assert_eq!(server_of("http://[::1]:8080").as_deref(), Some("http://[::1]:8080"));
        for bad in [
            "relay.example",
            "ftp://relay.example",
            "https://",
            "https:///x",
            "https://a b/",
            "https://a;b/",
            "https://*",
        ] {
            assert_eq!(server_of(bad), None, "{bad}");
        }
    }
}
