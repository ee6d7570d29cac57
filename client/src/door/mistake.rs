//! What the door answers instead of what was asked for: a closed set. The page has a sentence for each in every
//! language; no mistake repeats anything of what was given.

use super::reply::Reply;
use crate::typed::LinkMistake;
use protocol::phrase::PhraseMistake;

/// Why a call was not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mistake {
    /// The request cannot be read, or something in it is not of this protocol.
    Malformed,
    /// A call that must come first did not.
    OutOfOrder,
    /// This group of the invite code is mistyped, counted from 1; 9 if there is more than a code.
    InviteGroup(usize),
    /// The campaign's part of the link is mistyped, cut off or missing.
    CampaignPart,
    /// This is no invite link, and no code.
    NoLink,
    /// Another campaign than the one that the link or the participant names.
    OtherCampaign,
    /// The campaign lives at another address than the page.
    NotHere,
    /// This version cannot check it.
    Unsupported,
    /// So many words or numbers instead of twelve.
    PhraseCount(usize),
    /// The one at this position, counted from 1, is in no list.
    PhraseWord(usize),
    /// The twelve do not belong together.
    PhraseChecksum,
    /// A server did what a working, honest one does not do.
    Misbehaved,
    /// The text is no token.
    TokenUnreadable,
    /// A token of another campaign.
    TokenOtherCampaign,
    /// A token that was not made from this phrase.
    TokenNotOfPhrase,
}

impl Mistake {
    /// With where it is, if that is known.
    pub(super) fn reply(self) -> Reply {
        let reply = Reply::new().with("kind", self.kind());
        match self {
            Self::InviteGroup(group) => reply.with("group", group),
            Self::PhraseCount(count) => reply.with("count", count),
            Self::PhraseWord(position) => reply.with("position", position),
            _ => reply,
        }
    }

    fn kind(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::OutOfOrder => "out_of_order",
            Self::InviteGroup(_) => "invite_group",
            Self::CampaignPart => "campaign_part",
            Self::NoLink => "no_link",
            Self::OtherCampaign => "other_campaign",
            Self::NotHere => "not_here",
            Self::Unsupported => "unsupported",
            Self::PhraseCount(_) => "phrase_count",
            Self::PhraseWord(_) => "phrase_word",
            Self::PhraseChecksum => "phrase_checksum",
            Self::Misbehaved => "misbehaved",
            Self::TokenUnreadable => "token_unreadable",
            Self::TokenOtherCampaign => "token_other_campaign",
            Self::TokenNotOfPhrase => "token_not_of_phrase",
        }
    }
}

impl From<LinkMistake> for Mistake {
    fn from(mistake: LinkMistake) -> Self {
        match mistake {
            LinkMistake::InviteGroup(group) => Self::InviteGroup(group),
            LinkMistake::Campaign | LinkMistake::NoCampaign => Self::CampaignPart,
            _ => Self::NoLink,
        }
    }
}

impl From<PhraseMistake> for Mistake {
    fn from(mistake: PhraseMistake) -> Self {
        match mistake {
            PhraseMistake::Count(count) => Self::PhraseCount(count),
            PhraseMistake::Unknown(position) => Self::PhraseWord(position),
            PhraseMistake::Checksum => Self::PhraseChecksum,
        }
    }
}
