//! The table `[email]` of a campaign file: without it there are no invites by e-mail.

use super::{Fields, number, string};
use crate::email::{Domains, EmailTerms};

impl Fields<'_, '_> {
    /// The table, if there is one.
    pub(super) fn email(&mut self) -> Option<EmailTerms> {
        const WHAT: &str = "a table: [email], then maximum = 1000 and domains = [\"*.edu\"]";
        self.known.push("email");
        let (at, value) = self.find("email")?;
        let Some(table) = value.get_ref().as_table() else {
            self.mistakes.push((value.span().start, format!("email must be {WHAT}")));
            return None;
        };
        let mut own = Fields { text: self.text, table, known: Vec::new(), failed: Vec::new(), mistakes: Vec::new() };
        let maximum: u64 = own.required("maximum", "a whole number of invites, at least 1", |value| {
            number(value).filter(|maximum: &u64| *maximum > 0)
        });
        let domains = own.optional("domains", DOMAINS, |value| {
            let list: Option<Vec<String>> = value.as_array()?.iter().map(|item| string(item.get_ref())).collect();
            Domains::try_from(list?).ok()
        });
        if own.find("domains").is_none() {
            own.mistakes.push((0, format!("domains is missing: it is {DOMAINS}")));
        }
        let strange = table.iter().filter(|(key, _)| !own.known.contains(&key.get_ref().as_ref()));
        own.mistakes
            .extend(strange.map(|(key, _)| (key.span().start, format!("\"{}\" is no key of it", key.get_ref()))));
        let place = |offset| if offset == 0 { at.start } else { offset };
        let told = own.mistakes.into_iter().map(|(offset, why)| (place(offset), format!("email: {why}")));
        self.mistakes.extend(told);
        Some(EmailTerms { maximum, domains: domains? })
    }
}

const DOMAINS: &str = "a list of domains in small letters, such as [\"example.org\", \"*.edu\"], or [\"*\"] for any";

#[cfg(test)]
mod tests {
    use crate::campaign_file::CampaignFile;
    use crate::campaign_file::tests::GOOD;

    #[test]
    fn the_table_is_read_and_without_it_there_is_no_e_mail() {
        assert_eq!(CampaignFile::parse(GOOD).unwrap().email, None);
        let text = format!("{GOOD}[email]\nmaximum = 1000\ndomains = [\"*.edu\"]\n");
        let terms = CampaignFile::parse(&text).unwrap().email.unwrap();
        assert!(terms.maximum == 1000 && terms.domains.allow("mit.edu") && !terms.domains.allow("example.org"));
    }

    #[test]
    fn every_mistake_in_the_table_is_told_with_its_line() {
        let first = GOOD.lines().count() + 1;
        let mistakes = |rest: &str| CampaignFile::parse(&format!("{GOOD}[email]\n{rest}")).unwrap_err().to_string();
        for (rest, line, why) in [
            ("", first, "email: domains is missing"),
            ("maximum = 0\ndomains = [\"*\"]", first + 1, "email: maximum must be"),
            ("maximum = 1001\ndomains = [\"*\"]", first, "email: maximum is more than eligible"),
            ("maximum = 5\ndomains = []", first + 2, "email: domains must be"),
            ("maximum = 5\ndomains = [\"edu\"]", first + 2, "email: domains must be"),
            ("maximum = 5\ndomains = \"*\"", first + 2, "email: domains must be"),
            ("maximum = 5\ndomains = [\"*\"]\nkey = 1", first + 3, "email: \"key\" is no key of it"),
        ] {
            let told = mistakes(rest);
            assert!(told.contains(&format!("line {line}: {why}")), "{rest}: {told}");
        }
        let told = CampaignFile::parse(&format!("email = 1\n{GOOD}")).unwrap_err().to_string();
        assert!(told.contains("line 1: email must be a table"), "{told}");
    }
}
