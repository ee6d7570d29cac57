//! The participant whose messages are imitated, damaged and stolen here, and who must lose nothing by it.

use crate::wire::{Message, Reply, Wire};
use protocol::auth_scheme::token_header;
use protocol::invite::Invite;
use protocol::issuance::{PendingToken, TokenRequest, TokenResponse};
use protocol::media;
use protocol::phrase::Phrase;
use protocol::pledge::Pledge;
use protocol::receipt::verify_receipt;
use protocol::token::Token;
use tests::World;

/// One invite that is not used yet, and one token that is not spent yet.
pub(crate) struct Victim {
    pub(crate) invite: Invite,
    pub(crate) request: TokenRequest,
    pub(crate) token: Token,
    pub(crate) pledge: Pledge,
    phrase: Phrase,
    used: Invite,
}

/// The place of both.
pub(crate) const PLACE: u32 = 1;

impl Victim {
    pub(crate) async fn of(world: &World) -> Self {
        let [used, invite]: [Invite; 2] = world.invites("victim", 2).await.try_into().ok().expect("two invites");
        let earlier = Phrase::generate(&mut rand::rng());
        let token = world.obtain(&used, &earlier, PLACE).await.expect("a token");
        let pledge = earlier.secrets(world.campaign.id(), PLACE).pledge();
        let phrase = Phrase::generate(&mut rand::rng());
        let (request, _) = world.token_request(&phrase, PLACE);
        Self { invite, request, token, pledge, phrase, used }
    }

    /// Her good TokenRequest.
    pub(crate) fn asks(&self) -> Message {
        asks(&self.invite.code(), self.request.encode())
    }

    /// Another, with the invite that she has used.
    pub(crate) fn asks_otherwise(&self) -> Message {
        asks(&self.used.code(), self.request.encode())
    }

    /// Her good pledge.
    pub(crate) fn pledges(&self) -> Message {
        pledges(token_header(&self.token), self.pledge.encode())
    }

    /// She does both, with the invite and the token that were under attack: it is the first time, and it counts.
    pub(crate) async fn does_it(&self, world: &World) {
        let (request, pending) = world.token_request(&self.phrase, PLACE);
        assert!(request == self.request, "the same phrase and place make the same request");
        let mut wire = Wire::public(world);
        let token = finish(pending, &wire.send(&self.asks()).await);
        let second = self.phrase.secrets(world.campaign.id(), PLACE).pledge();
        for message in [self.pledges(), pledges(token_header(&token), second.encode())] {
            assert_eq!(wire.send(&message).await.status, 201, "not counted before");
        }
        let reply = wire.send(&self.pledges()).await;
        assert_eq!(reply.status, 200, "and counted once");
        let key = &world.campaign.genesis().receipt_key;
        verify_receipt(key, world.campaign.id(), &self.token.nonce(), &reply.body).expect("a valid receipt");
    }
}

/// A TokenRequest on its way.
pub(crate) fn asks(code: &str, body: impl Into<Vec<u8>>) -> Message {
    let post = Message::new("POST", "/token-request").with("authorization", format!("Bearer {code}"));
    post.with("content-type", media::TOKEN_REQUEST).body(body)
}

/// A pledge on its way.
pub(crate) fn pledges(authorization: impl Into<Vec<u8>>, body: impl Into<Vec<u8>>) -> Message {
    let post = Message::new("POST", "/pledges").with("authorization", authorization);
    post.with("content-type", media::PLEDGE).body(body)
}

/// The token of an answer that must have been good.
pub(crate) fn finish(pending: PendingToken, reply: &Reply) -> Token {
    assert_eq!(reply.status, 200, "{reply:?}");
    pending.finalize(&TokenResponse::decode(&reply.body).expect("256 bytes")).expect("a valid token")
}

/// The modulus of a campaign's key and so the n of what is below, above or equal to it.
pub(crate) fn modulus(world: &World) -> [u8; 256] {
    let spki = world.campaign.token_key().spki();
    // SubjectPublicKeyInfo ends in the modulus and INTEGER 65537, which takes five bytes
    spki[spki.len() - 5 - 256..spki.len() - 5].try_into().expect("256 bytes")
}

/// a + b as 256 bytes, if that fits.
pub(crate) fn add(a: &[u8; 256], b: &[u8; 256]) -> Option<[u8; 256]> {
    let (mut sum, mut carry) = ([0; 256], 0u16);
    for index in (0..256).rev() {
        let digit = u16::from(a[index]) + u16::from(b[index]) + carry;
        sum[index] = digit.to_be_bytes()[1];
        carry = digit >> 8;
    }
    (carry == 0).then_some(sum)
}

/// n with one added or taken away; n is odd, so that one less changes its last byte only.
pub(crate) fn beside(n: &[u8; 256], up: bool) -> [u8; 256] {
    let mut other = *n;
    if up {
        let mut one = [0; 256];
        one[255] = 1;
        return add(n, &one).expect("n is far from 2^2048");
    }
    other[255] -= 1;
    other
}
