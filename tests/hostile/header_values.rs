//! Content types and authorizations that are missing, doubled, quoted otherwise, or of another scheme or alphabet.

use crate::stillness::{Case, leaves_no_trace, lived_in};
use crate::victim::Victim;
use crate::wire::{Message, Wire};
use protocol::codec::to_base64;
use protocol::media;
use protocol::problem::Problem;
use tests::Plan;

#[tokio::test(flavor = "multi_thread")]
async fn d1_a_content_type_that_is_missing_doubled_or_has_parameters_is_refused_before_a_store() {
    let mut world = lived_in(Plan::default()).await;
    let victim = Victim::of(&world).await;
    let mut cases = Vec::new();
    for (good, media_type) in [(victim.asks(), media::TOKEN_REQUEST), (victim.pledges(), media::PLEDGE)] {
        let bare = || {
            let mut message = good.clone();
            message.headers.retain(|(name, _)| name != "content-type");
            message
        };
        let mut refused = |what: &str, message: Message| {
            cases.push(Case::new(format!("{media_type} {what}"), message, 415, Problem::UnsupportedMediaType));
        };
        refused("missing", bare());
        refused("doubled", bare().with("content-type", media_type).with("Content-Type", media_type));
        refused("first of two", bare().with("content-type", media_type).with("content-type", "text/plain"));
        refused("last of two", bare().with("content-type", "text/plain").with("content-type", media_type));
        for value in [
            format!("{media_type};"),
            format!("{media_type}; charset=utf-8"),
            format!("{media_type}, {media_type}"),
            format!("{media_type} x"),
            format!("\"{media_type}\""),
            format!("{media_type}\u{e9}"),
            media_type[..media_type.len() - 1].to_owned(),
            "*/*".to_owned(),
        ] {
            refused(&value, bare().with("content-type", value.as_str()));
        }
    }
    leaves_no_trace(&mut world, &victim, &cases).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_a_token_header_in_any_other_spelling_is_refused_before_a_store() {
    let mut world = lived_in(Plan::default()).await;
    let victim = Victim::of(&world).await;
    let text = to_base64(&victim.token.encode());
    let header = format!("PrivateToken token=\"{text}\"");
    let mut values: Vec<Vec<u8>> = (0..header.len()).map(|end| header.as_bytes()[..end].to_vec()).collect();
    for index in "PrivateToken token=\"".len()..header.len() - 1 {
        // one character that base64url does not have, in every place
        let stranger = b"+/=,;*~ \"\\%\x80\xff"[index % 13];
        let mut value = header.clone().into_bytes();
        value[index] = stranger;
        values.push(value);
    }
    let standard = text.replace('-', "+").replace('_', "/");
    assert_ne!(standard, text, "a token without either letter is not to be had in practice");
    let inside = [
        standard,
        format!("{text}="), // 354 bytes are 472 letters and need no padding, so any is too much
        format!("{text}=="),
        format!("{text}AA=="),
        format!("{text}AA"),
        format!("{text}AB=="), // spare bits that are not zero
        format!("{}=", &text[..471]),
        format!(" {text}"),
        format!("{text} "),
        text.replace("A", "%41"),
    ];
    values.extend(inside.iter().flat_map(|text| {
        [format!("PrivateToken token=\"{text}\"").into_bytes(), format!("PrivateToken token=\"{text}\",").into_bytes()]
    }));
    values.extend(
        [
            format!("token=\"{text}\""),
            format!("PrivateToken {text}"),
            format!("PrivateToken token='{text}'"),
            format!("PrivateToken token=\"{text}"),
            format!("PrivateToken token={text}\""),
            format!("PrivateToken token=\"\"{text}\"\""),
            format!("PrivateToken token=\"{text}\", token=\"{text}\""),
            format!("PrivateToken token=\"{text}\" token=\"{text}\""),
            format!("PrivateToken challenge=\"{text}\""),
            format!("PrivateToken,token=\"{text}\""),
            format!("PrivateToken, PrivateToken token=\"{text}\""),
            format!("PrivateTokens token=\"{text}\""),
            format!("Private-Token token=\"{text}\""),
            format!("Bearer {text}"),
            format!("Bearer token=\"{text}\""),
            format!("Basic {text}"),
            format!("{header}{header}"),
            format!("{header}{}", " ".repeat(100) + "x"),
            "PrivateToken token=\"\"".to_owned(),
            "PrivateToken =".to_owned(),
            "=,=,=,".to_owned(),
        ]
        .map(String::into_bytes),
    );
    let bare = || {
        let mut message = victim.pledges();
        message.headers.retain(|(name, _)| name != "authorization");
        message
    };
    let malformed = |what: String, message: Message| Case::new(what, message, 400, Problem::Malformed);
    let case = |value: &Vec<u8>| {
        malformed(String::from_utf8_lossy(value).into_owned(), bare().with("authorization", value.clone()))
    };
    let mut cases: Vec<Case> = values.iter().map(case).collect();
    let doubled = |first: &str, second: &str| bare().with("authorization", first).with("Authorization", second);
    for (first, second) in [(&*header, &*header), (&header, "Bearer x"), ("Bearer x", &header), ("", &header)] {
        cases.push(malformed(format!("doubled, {} bytes first", first.len()), doubled(first, second)));
    }
    cases.push(Case::new("no authorization", bare(), 401, Problem::TokenInvalid));
    leaves_no_trace(&mut world, &victim, &cases).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_a_bearer_that_is_doubled_or_of_another_scheme_is_an_unknown_invite_before_a_store() {
    let mut world = lived_in(Plan::default()).await;
    let victim = Victim::of(&world).await;
    let code = victim.invite.code().to_string();
    let good = format!("Bearer {code}");
    let bare = || {
        let mut message = victim.asks();
        message.headers.retain(|(name, _)| name != "authorization");
        message
    };
    let unknown = |what: String, message: Message| Case::new(what, message, 401, Problem::InviteUnknown);
    let mut cases = vec![unknown("none".to_owned(), bare())];
    for value in [
        String::new(),
        "Bearer".to_owned(),
        code.clone(),
        format!("Bearer{code}"),
        format!("Bearer\t{code}"),
        format!("Bearer: {code}"),
        format!("Bearer \"{code}\""),
        format!("Bearer token=\"{code}\""),
        format!("Bearer {code}, Bearer {code}"),
        format!("Bearer {code} {code}"),
        format!("Basic {code}"),
        format!("PrivateToken token=\"{code}\""),
        format!("Token {code}"),
        format!("Bearer Bearer {code}"),
    ] {
        cases.push(unknown(value.clone(), bare().with("authorization", value)));
    }
    for (first, second) in [(&*good, &*good), (&good, "Bearer x"), ("Bearer x", &good), ("", &good)] {
        let message = bare().with("authorization", first).with("Authorization", second);
        cases.push(unknown(format!("doubled: {first}, {second}"), message));
    }
    leaves_no_trace(&mut world, &victim, &cases).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn d1_the_spellings_that_standards_allow_are_one_token_and_one_pledge() {
    let world = lived_in(Plan::default()).await;
    let victim = Victim::of(&world).await;
    victim.does_it(&world).await;
    let text = to_base64(&victim.token.encode());
    let mut wire = Wire::public(&world);
    let first = wire.send(&victim.pledges()).await;
    for value in [
        format!("PrivateToken token={text}"),
        format!("privatetoken token=\"{text}\""),
        format!("PRIVATETOKEN  token=\"{text}\""),
        format!(" PrivateToken token=\"{text}\" "),
    ] {
        let mut message = victim.pledges();
        message.headers.retain(|(name, _)| name != "authorization");
        let reply = wire.send(&message.with("AUTHORIZATION", value.as_str())).await;
        assert_eq!(reply, first, "{value}");
    }
    let mut message = victim.pledges();
    message.headers.retain(|(name, _)| name != "content-type");
    assert_eq!(wire.send(&message.with("content-type", media::PLEDGE.to_uppercase())).await, first);
    assert_eq!(first.status, 200, "counted before");
}
