//! The words of the pages, in every language: each key everywhere, with the same things put in, and none that nothing uses.

use super::sources::{files, read};
use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};
use fluent_syntax::parser::parse;
use std::collections::{BTreeMap, BTreeSet};

/// The folders with texts, and where their keys are used.
const FOLDERS: [(&str, &str); 4] = [
    ("server/pages/texts/", "server/"),
    ("server/pages/organiser/texts/", "server/"),
    ("server/letters/", "server/src/email/"),
    ("client/web/texts/", "client/web/"),
];
const LANGUAGES: [&str; 3] = ["en", "fa", "ru"];

/// What is put into each message of a file, and the names of its plural forms.
type Messages = BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)>;

fn messages(path: &str, text: &str) -> Messages {
    let resource = parse(text).unwrap_or_else(|(_, errors)| panic!("{path}: {errors:?}"));
    let mut found = Messages::new();
    for entry in &resource.body {
        let (name, patterns) = match entry {
            Entry::Message(message) => {
                let parts = message.attributes.iter().map(|attribute| &attribute.value);
                (message.id.name.to_owned(), message.value.iter().chain(parts).collect::<Vec<_>>())
            }
            Entry::Term(term) => (format!("-{}", term.id.name), vec![&term.value]),
            _ => continue,
        };
        let (mut given, mut forms) = (BTreeSet::new(), BTreeSet::new());
        patterns.into_iter().for_each(|pattern| look(pattern, &mut given, &mut forms));
        let written = patterns_are_written(entry);
        assert!(written, "{path}: {name} is empty");
        assert!(found.insert(name.clone(), (given, forms)).is_none(), "{path}: {name} stands twice");
    }
    found
}

fn patterns_are_written(entry: &Entry<&str>) -> bool {
    let filled = |pattern: &Pattern<&str>| {
        pattern.elements.iter().any(|element| match element {
            PatternElement::TextElement { value } => !value.trim().is_empty(),
            PatternElement::Placeable { .. } => true,
        })
    };
    match entry {
        Entry::Message(message) => message.value.as_ref().is_none_or(filled),
        _ => true,
    }
}

fn look(pattern: &Pattern<&str>, given: &mut BTreeSet<String>, forms: &mut BTreeSet<String>) {
    for element in &pattern.elements {
        let PatternElement::Placeable { expression } = element else { continue };
        match expression {
            Expression::Inline(inline) => variable(inline, given),
            Expression::Select { selector, variants } => {
                variable(selector, given);
                for variant in variants {
                    if let fluent_syntax::ast::VariantKey::Identifier { name } = &variant.key {
                        forms.insert((*name).to_owned());
                    }
                    look(&variant.value, given, forms);
                }
            }
        }
    }
}

fn variable(expression: &InlineExpression<&str>, given: &mut BTreeSet<String>) {
    match expression {
        InlineExpression::VariableReference { id } => drop(given.insert(id.name.to_owned())),
        InlineExpression::FunctionReference { arguments, .. } => {
            arguments.positional.iter().for_each(|argument| variable(argument, given));
        }
        _ => {}
    }
}

#[test]
fn every_key_exists_in_every_language_with_the_same_things_put_in() {
    let all = files();
    for (folder, _) in FOLDERS.iter().filter(|(folder, _)| all.keys().any(|path| path.starts_with(folder))) {
        let of = |lang: &str| {
            let path = format!("{folder}{lang}.ftl");
            messages(&path, &read(&path))
        };
        let english = of("en");
        assert!(english.len() > 4, "{folder}");
        for lang in LANGUAGES {
            let these = of(lang);
            let keys = |messages: &Messages| messages.keys().cloned().collect::<BTreeSet<_>>();
            let difference: Vec<_> = keys(&english).symmetric_difference(&keys(&these)).cloned().collect();
            assert!(difference.is_empty(), "{folder}{lang}: {difference:?}");
            for (key, (given, _)) in &these {
                assert_eq!(given, &english[key].0, "{folder}{lang}: {key}");
            }
        }
    }
}

#[test]
fn russian_declines_wherever_english_does() {
    let all = files();
    for (folder, _) in FOLDERS.iter().filter(|(folder, _)| all.keys().any(|path| path.starts_with(folder))) {
        let of = |lang: &str| messages(lang, &read(&format!("{folder}{lang}.ftl")));
        let russian = of("ru");
        for (key, (_, forms)) in of("en").iter().filter(|(_, (_, forms))| forms.contains("one")) {
            assert!(russian[key].1.contains("one") && forms.contains("other"), "{folder}: {key} is not declined");
        }
    }
}

#[test]
fn no_text_is_missing_and_none_is_left_over() {
    let (mut keys, own) = (messages("en", &read("server/pages/texts/en.ftl")), "server/pages/organiser/texts/en.ftl");
    let (all, of_organisers) = (files(), messages("en", &read(own)));
    let twice: Vec<_> = keys.keys().filter(|key| of_organisers.contains_key(*key)).collect();
    assert!(twice.is_empty(), "{own} has {twice:?} again");
    keys.extend(of_organisers);
    let is_template = |path: &str| path.starts_with("server/pages/") && path.ends_with(".html");
    let pages = ["server/src/page", "server/src/organiser"];
    let user = |path: &str| {
        is_template(path) || (pages.iter().any(|page| path.starts_with(page)) && !path.ends_with("tests.rs"))
    };
    let users: String = all.iter().filter(|(path, _)| user(path)).map(|(_, text)| text.as_str()).collect();
    let unused: Vec<_> = keys.keys().filter(|key| !users.contains(&format!("\"{key}\""))).collect();
    assert!(unused.is_empty(), "nothing uses {unused:?}");
    let said = |text: &String| -> Vec<String> {
        let said = text.split(".say(\"").skip(1).map(|rest| rest.split('"').next().unwrap().to_owned());
        said.collect()
    };
    for said in all.iter().filter(|(path, _)| user(path)).flat_map(|(_, text)| said(text)) {
        assert!(keys.contains_key(&said), "there is no text {said}");
    }
}
