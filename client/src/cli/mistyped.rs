//! What is wrong with a link, a phrase or a token that cannot be read, in sentences: which part of it, and what to do.
//! None of them repeats anything of what was typed.

use client::typed::{LinkMistake, TOKEN_CHARACTERS, TokenMistake};
use protocol::phrase::PhraseMistake;

/// Of an invite link.
pub(crate) fn link(mistake: LinkMistake) -> String {
    let sentence = match mistake {
        LinkMistake::Empty => "There is no invite link; give the one that was given to you, whole and in one line.",
        LinkMistake::Space => "The invite link has a space or a line break in it; give it whole and in one line.",
        LinkMistake::NoFragment => {
            "This is not an invite link; it looks like https://HOST/join#i=CODE&c=ID, so check that it is whole."
        }
        LinkMistake::InviteGroup(9) => "The invite code is longer than eight groups of four; check its end.",
        LinkMistake::InviteGroup(group) => {
            return format!(
                "The invite code is mistyped in group {group} of its eight; check that group: each has four digits or \
                 letters, and never the letter U."
            );
        }
        LinkMistake::Campaign => {
            "The campaign's part of the link, behind c=, is mistyped or cut off; \
             check it: 52 digits from 2 to 7 and small letters."
        }
        LinkMistake::NoCampaign => "The link does not name its campaign, behind c=; check that it is whole.",
        LinkMistake::PlainHttp => {
            "The link's address must begin with https, because plain http shows everything on the way; ask for the \
             right link."
        }
        LinkMistake::Shape => {
            "This is not an invite link; it looks like https://HOST/join#i=CODE&c=ID, so check the address in \
             front, and that nothing stands twice or behind it."
        }
    };
    sentence.to_owned()
}

/// Of a phrase.
pub(crate) fn phrase(mistake: PhraseMistake) -> String {
    match mistake {
        PhraseMistake::Count(0) => "There is no phrase; give its twelve words or numbers.".to_owned(),
        PhraseMistake::Count(count) => {
            format!("This is not a phrase: it has {count} words or numbers instead of twelve; check what is missing.")
        }
        PhraseMistake::Unknown(position) => format!(
            "This is not a phrase: number {position} of its words is not in the list of words, nor a number from 1 to \
             2048; check how it is written."
        ),
        PhraseMistake::Checksum => {
            "These twelve do not belong together: one of them is another word or number, or two \
             have changed places; check each."
                .to_owned()
        }
    }
}

/// Of a token.
pub(crate) fn token(mistake: TokenMistake) -> String {
    match mistake {
        TokenMistake::Length(0) => "There is no token; give the one that `headcount token` made.".to_owned(),
        TokenMistake::Damaged => {
            "This is not a token, or it is damaged; copy it again, as `headcount token` gave it.".to_owned()
        }
        TokenMistake::Length(length) => format!(
            "This is not a whole token: it has {length} characters instead of {TOKEN_CHARACTERS}; copy it again, as \
             `headcount token` gave it."
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use client::typed;
    use protocol::invite::InviteLink;

    #[test]
    fn the_part_of_a_link_that_is_wrong_is_named() {
        let (code, id) = ["0000-1111-2222-3333-4444-5555-6666-7777", "aaaa"].map(str::to_owned).into();
        let id = id.repeat(13);
        let link = |text: &str| link(typed::link(text).err().unwrap());
        let of = |code: &str, id: &str| link(&format!("https://h/join#i={code}&c={id}"));
        assert!(InviteLink::parse(&format!("https://h/join#i={code}&c={id}")).is_ok());
        for (position, digit) in (1..=8).zip('0'..='7') {
            let mistyped = code.replacen(digit, "U", 1);
            assert!(of(&mistyped, &id).contains(&format!("in group {position} ")), "{mistyped}");
        }
        assert!(of(&code, &id[1..]).contains("behind c=") && of(&code, &id.replace('a', "1")).contains("behind c="));
        assert!(link(&format!("https://h/join#i={code}")).contains("does not name its campaign"));
        assert!(link(&format!("http://h/join#i={code}&c={id}")).contains("https"));
        assert!(link(&format!("https://h/join#i={code}&c={id}&x=1")).contains("not an invite link"));
        for text in ["", "https://h", "x", "https://h/join#i= 0", &format!("https://h/join#i={code}&c={id}&c={id}")] {
            assert!(link(text).ends_with('.') && link(text).contains([';', ',']), "{text}");
        }
    }
}
