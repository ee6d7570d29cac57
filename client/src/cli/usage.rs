//! A command line that cannot be read, in one sentence. What was typed is never repeated, for it may be a link or a
//! phrase in the wrong place; only names of options, which everybody may know, are.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use std::fmt::Write;

/// The sentence, or `None` if help or a version was asked for, which is no mistake.
pub(crate) fn sentence(error: &clap::Error) -> Option<String> {
    let named = |kind| error.get(kind).map(names).unwrap_or_default();
    let argument = named(ContextKind::InvalidArg);
    let what = match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => return None,
        ErrorKind::UnknownArgument if argument.is_empty() => "There is an argument too many".to_owned(),
        ErrorKind::UnknownArgument => format!("There is no option {argument} here"),
        ErrorKind::InvalidSubcommand => "There is no command of that name".to_owned(),
        ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            "The name of a command is missing".to_owned()
        }
        ErrorKind::MissingRequiredArgument => format!("{argument} is missing"),
        ErrorKind::ArgumentConflict => {
            format!("{argument} cannot be used together with {}", named(ContextKind::PriorArg))
        }
        ErrorKind::InvalidValue if !is_given(error.get(ContextKind::InvalidValue)) => {
            format!("{argument} needs a value")
        }
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            let valid = match error.get(ContextKind::ValidValue) {
                Some(ContextValue::Strings(values)) if !values.is_empty() => format!(": {}", values.join(", ")),
                _ => String::new(),
            };
            format!("The value of {argument} is none that it can have{valid}")
        }
        ErrorKind::TooManyValues | ErrorKind::WrongNumberOfValues => format!("{argument} has too many values"),
        ErrorKind::TooFewValues => format!("{argument} needs a value"),
        _ => "The command line cannot be read".to_owned(),
    };
    let suggested = named(ContextKind::SuggestedArg);
    let mut sentence = format!("{what}; see headcount COMMAND --help");
    if !suggested.is_empty() {
        let _ = write!(sentence, ", perhaps for {suggested}");
    }
    sentence.push('.');
    Some(sentence)
}

fn is_given(value: Option<&ContextValue>) -> bool {
    matches!(value, Some(ContextValue::String(text)) if !text.is_empty())
}

/// Names of options without what may stand behind them; what is no option's name is left out.
fn names(value: &ContextValue) -> String {
    let of = |text: &String| {
        let name = text.split(['=', ' ']).next().unwrap_or_default();
        let plain = name.chars().all(|c| c.is_ascii_lowercase() || c == '-') && name.starts_with("--");
        // a positional argument stands as <URL>, by its own name and not by what was typed
        let positional =
            text.starts_with(['<', '[']) && text.chars().all(|c| c.is_ascii_uppercase() || "<>|[]._".contains(c));
        (plain || positional).then(|| if plain { name.to_owned() } else { text.clone() })
    };
    match value {
        ContextValue::String(text) => of(text).unwrap_or_default(),
        ContextValue::Strings(texts) => texts.iter().filter_map(of).collect::<Vec<_>>().join(" and "),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Arguments;
    use clap::Parser;

    fn of(words: &[&str]) -> Option<String> {
        let error = Arguments::try_parse_from([&["headcount"], words].concat()).err()?;
        sentence(&error)
    }

    #[test]
    fn a_command_line_that_cannot_be_read_is_told_without_repeating_it() {
        let secret = "https://h/join#i=0000-1111";
        for (words, mentions) in [
            (&["join", "-", secret][..], "too many"),
            (&["join", "--link", secret], "--link"),
            (&["join", "--delay", secret], "--delay"),
            (&["join", "--delay", "1", "--now"], "together"),
            (&["counts"], "<URL> is missing"),
            (&["counts", "https://h", "--campaing", "x"], "--campaign"),
            (&["organiser"], "name of a command"),
            (&[secret], "no command"),
            (&[], "name of a command"),
            (&["--proxy"], "--proxy needs a value"),
            (&["rehearse", "https://h", "--arrivals", secret], "can have: steady, launch, day;"),
        ] {
            let sentence = of(words).unwrap();
            assert!(sentence.contains(mentions) && sentence.ends_with('.'), "{words:?}: {sentence}");
            assert!(!sentence.contains("0000"), "{sentence}");
        }
        assert_eq!(of(&["--help"]), None);
        assert_eq!(of(&["--version"]), None);
    }
}
