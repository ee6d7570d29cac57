//! The adversary: issuer and origin in one hand, with all of the server's secrets, every byte and every file. For each
//! invite it names a pledge, for each pledge of a second campaign the pledge of the same phrase in the first.
//! It works from an [`Observation`] alone and never sees the truth.

mod algebra;
mod derivations;
mod pool;
mod sizes;
mod stores;

use crate::observation::{Exchange, Observation, headers, split};
use algebra::{Field, Ratios, encoding_parts};
use derivations::derived;
use protocol::auth_scheme::parse_token_header;
use protocol::campaign::CampaignId;
use protocol::invite::{Invite, InviteKey};
use protocol::issuance::TokenRequest;
use protocol::keys::IssuerPrivateKey;
use protocol::pledge::Pledge;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Everything seen of one invite or of one nonce.
#[derive(Default)]
pub(crate) struct Party {
    /// The code as text, or the nonce.
    pub key: Vec<u8>,
    /// All exchanges.
    pub exchanges: Vec<Exchange>,
    /// Every value that is sent, answered or can be computed from those; the most telling first.
    pub values: Vec<Vec<u8>>,
}

/// An invite and the requests that came with it: the one that was signed, then the refused ones.
pub(crate) struct Issued {
    /// What is seen of it.
    pub party: Party,
    /// Blinded messages.
    pub blinded: Vec<Vec<u8>>,
    /// The blind signature of the first, and of the refused ones, which the issuer can sign for itself.
    pub signatures: Vec<Vec<u8>>,
}

/// A nonce that was redeemed.
pub(crate) struct Redeemed {
    /// What is seen of it.
    pub party: Party,
    /// The signature.
    pub authenticator: Vec<u8>,
    /// What was signed, the authenticator to the e: the encoding of the token's input.
    pub encoding: Vec<u8>,
}

/// One campaign as the adversary reads it.
pub(crate) struct Seen {
    /// The campaign id.
    pub id: CampaignId,
    /// Number of its places.
    pub places: u32,
    /// The server's symmetric secrets.
    pub secrets: Vec<Vec<u8>>,
    /// Arithmetic modulo its key.
    pub field: Field,
    /// Per invite.
    pub issued: Vec<Issued>,
    /// Per nonce.
    pub redeemed: Vec<Redeemed>,
    /// What blinding factor would link which invite to which pledge.
    pub ratios: Ratios,
    /// The disk.
    pub files: Vec<(PathBuf, Vec<u8>)>,
}

/// One reason to believe that a left belongs to a right.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Evidence {
    /// Who.
    pub left: usize,
    /// With whom.
    pub right: usize,
    /// How much it weighs: roughly the logarithm of how unlikely it is by chance.
    pub weight: f64,
}

impl Evidence {
    /// What cannot be by chance.
    pub(crate) fn certain((left, right): (usize, usize)) -> Self {
        Self { left, right, weight: CERTAIN }
    }
}

/// What one idea gave.
pub(crate) struct Attack {
    /// What was tried; several attacks of one name are variants of it.
    pub name: &'static str,
    /// What it found.
    pub evidence: Vec<Evidence>,
}

/// Weight of what cannot be by chance.
const CERTAIN: f64 = 40.0;

impl Seen {
    /// Reads all exchanges and computes what can be computed from them with the server's keys.
    pub(crate) fn read(observation: Observation) -> Self {
        let campaign = observation.campaign();
        let issuer = IssuerPrivateKey::from_der(observation.file("keys/issuer.pkcs8")).unwrap();
        let invite_key = InviteKey::from_bytes(observation.file("keys/invite").try_into().unwrap());
        let field = Field::of(issuer.public());
        let (mut issuances, mut redemptions) = (BTreeMap::new(), BTreeMap::new());
        for exchange in &observation.exchanges {
            let (head, _) = split(&exchange.sent);
            let authorization = headers(&head).into_iter().find(|(name, _)| name.eq_ignore_ascii_case("authorization"));
            let Some((scheme, value)) = authorization.and_then(|(_, value)| value.split_once(' ')) else {
                continue;
            };
            if scheme == "Bearer" {
                issuances.entry(value.to_owned()).or_insert_with(Vec::new).push(exchange.clone());
            } else {
                redemptions.entry(value.to_owned()).or_insert_with(Vec::new).push(exchange.clone());
            }
        }
        let codes = issuances.into_iter().map(|(code, exchanges)| {
            let id = invite_key.recognise(campaign.id(), &Invite::parse(&code).unwrap()).unwrap();
            issued(&code, id.as_bytes(), exchanges, &issuer)
        });
        let pledges = redemptions.into_iter().map(|(value, exchanges)| {
            redeemed(&format!("PrivateToken {value}"), exchanges, &field, campaign.places().region_sizes()[0])
        });
        let (issued, redeemed): (Vec<Issued>, Vec<Redeemed>) = (codes.collect(), pledges.collect());
        let ratios = Ratios::of(&field, &issued, &redeemed);
        let secrets = observation
            .files
            .iter()
            .filter(|(path, bytes)| path.parent().is_some_and(|folder| folder.ends_with("keys")) && bytes.len() == 32);
        let secrets = secrets.map(|(_, bytes)| bytes.clone()).collect();
        let places = u32::try_from(campaign.places().places.len()).unwrap();
        let id = campaign.id();
        Self { id, places, secrets, field, issued, redeemed, ratios, files: observation.files }
    }

    /// All reasons to link invites with pledges of this campaign; what is known of another one may help.
    pub(crate) fn link_invites(&self, other: Option<&Self>) -> Vec<Attack> {
        let (issued, redeemed) = (self.invites(), self.pledges());
        let derived = derived(self, &issued, &redeemed, true);
        let mut attacks = vec![
            Attack { name: "ratio repeats", evidence: self.ratios.repeats() },
            Attack { name: "ratio has structure", evidence: self.ratios.structured() },
            Attack { name: "two requests cancel", evidence: algebra::cancellation(self) },
            Attack { name: "derived values", evidence: derived.values },
            Attack { name: "derived factors", evidence: derived.factors },
            Attack { name: "equal bytes", evidence: sizes::equal_bytes(&issued, &redeemed) },
            Attack { name: "sizes and headers", evidence: sizes::features(&issued, &redeemed) },
            Attack { name: "stores, equal bytes", evidence: stores::equal_bytes(&self.files, &issued, &redeemed) },
        ];
        let across = other.map_or_else(Vec::new, |other| self.ratios.shared(&other.ratios));
        attacks.push(Attack { name: "ratio of two campaigns", evidence: across });
        attacks.extend(
            orders(&issued, &redeemed).into_iter().map(|evidence| Attack { name: "order of values", evidence }),
        );
        attacks.extend(self.link_by_order());
        attacks.push(best_guess(&attacks));
        attacks
    }

    /// What the order in the files says.
    pub(crate) fn link_by_order(&self) -> Vec<Attack> {
        let files = [self.files.clone(), pool::opened(&self.files)].concat();
        let orders = stores::orders(&files, &self.invites(), &self.pledges());
        orders.into_iter().map(|evidence| Attack { name: "stores, order", evidence }).collect()
    }

    /// A file in which the pledges lie as their invites lie in the store of invites: `answers` has the right ones.
    pub(crate) fn pledges_in_the_order_of_invites(&self, answers: &[Option<usize>]) -> Vec<u8> {
        let order = stores::longest_order(&self.files, &self.invites());
        let pledges = order.iter().filter_map(|invite| answers[*invite]);
        pledges.flat_map(|pledge| self.redeemed[pledge].party.values[0].clone()).collect()
    }

    fn invites(&self) -> Vec<&Party> {
        self.issued.iter().map(|issued| &issued.party).collect()
    }

    fn pledges(&self) -> Vec<&Party> {
        self.redeemed.iter().map(|redeemed| &redeemed.party).collect()
    }

    /// All reasons to link pledges of another campaign (left) with pledges of this one (right), but for the place: that
    /// is what a pledge says, and where few pledge, those who pledge twice are few, whatever their client does.
    pub(crate) fn link_campaigns(&self, other: &Self) -> Vec<Attack> {
        let (theirs, ours) = (other.pledges(), self.pledges());
        let across = other.ratios.shared_rights(&self.ratios);
        let mut attacks = vec![
            Attack { name: "ratio of two campaigns", evidence: across },
            Attack { name: "derived values", evidence: derived(self, &theirs, &ours, false).values },
            Attack { name: "equal bytes", evidence: sizes::equal_bytes(&theirs, &ours) },
            Attack { name: "sizes and headers", evidence: sizes::features(&theirs, &ours) },
        ];
        attacks.extend(orders(&theirs, &ours).into_iter().map(|evidence| Attack { name: "order of values", evidence }));
        attacks.push(best_guess(&attacks));
        attacks
    }
}

/// Names a right for every left: the heaviest evidence first, no right twice as long as there are enough, and where
/// nothing speaks for anything, by chance.
pub(crate) fn assign(evidence: &[Evidence], lefts: usize, rights: usize, seed: u64) -> Vec<usize> {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut evidence = evidence.to_vec();
    evidence.shuffle(&mut rng);
    evidence.sort_by(|a, b| b.weight.total_cmp(&a.weight));
    let (mut guesses, mut taken) = (vec![None; lefts], vec![false; rights]);
    for Evidence { left, right, .. } in evidence {
        if guesses[left].is_none() && !taken[right] {
            guesses[left] = Some(right);
            taken[right] = true;
        }
    }
    let mut free: Vec<usize> = (0..rights).filter(|right| !taken[*right]).collect();
    free.shuffle(&mut rng);
    let mut all: Vec<usize> = (0..rights).collect();
    all.shuffle(&mut rng);
    let mut chance = free.into_iter().chain(all.into_iter().cycle());
    guesses.into_iter().map(|guess| guess.unwrap_or_else(|| chance.next().unwrap_or(0))).collect()
}

/// Everything together: weights of one pair add up.
fn best_guess(attacks: &[Attack]) -> Attack {
    let mut sums: BTreeMap<(usize, usize), f64> = BTreeMap::new();
    for Evidence { left, right, weight } in attacks.iter().flat_map(|attack| &attack.evidence) {
        *sums.entry((*left, *right)).or_default() += weight;
    }
    let evidence = sums.into_iter().map(|((left, right), weight)| Evidence { left, right, weight }).collect();
    Attack { name: "all together", evidence }
}

/// Rank against rank, for the leading values of both sides.
fn orders(lefts: &[&Party], rights: &[&Party]) -> Vec<Vec<Evidence>> {
    let ranked = |parties: &[&Party], value: usize| {
        let mut order: Vec<usize> = (0..parties.len()).collect();
        order.sort_by_key(|index| &parties[*index].values[value]);
        order
    };
    let pairs = (0..4).flat_map(|left| (0..4).map(move |right| (left, right)));
    pairs.map(|(left, right)| aligned(&ranked(lefts, left), &ranked(rights, right))).collect()
}

/// The evidence that two orders are one.
pub(crate) fn aligned(lefts: &[usize], rights: &[usize]) -> Vec<Evidence> {
    let pair = |(rank, left): (usize, &usize)| {
        let right = rights[(rank * rights.len() / lefts.len()).min(rights.len() - 1)];
        Evidence { left: *left, right, weight: 0.01 }
    };
    if rights.is_empty() { Vec::new() } else { lefts.iter().enumerate().map(pair).collect() }
}

fn issued(code: &str, id: &[u8], exchanges: Vec<Exchange>, issuer: &IssuerPrivateKey) -> Issued {
    let mut bodies: Vec<(u16, Vec<u8>)> =
        exchanges.iter().map(|exchange| (exchange.status(), split(&exchange.sent).1.to_vec())).collect();
    bodies.sort(); // what was signed comes before what was refused
    bodies.dedup();
    let requests: Vec<TokenRequest> = bodies.iter().map(|(_, body)| TokenRequest::decode(body).unwrap()).collect();
    let mut rng = StdRng::seed_from_u64(0); // decides nothing about the result
    let sign = |request| issuer.issue(&mut rng, request).unwrap().encode().to_vec();
    let signatures: Vec<Vec<u8>> = requests.iter().map(sign).collect();
    let answered = exchanges.iter().filter(|exchange| exchange.status() == 200).map(|exchange| &exchange.answered);
    assert!(answered.clone().all(|answer| split(answer).1 == signatures[0]), "the issuer's signatures are repeatable");
    let blinded: Vec<Vec<u8>> = requests.iter().map(|request| request.encode()[3..].to_vec()).collect();
    let request = requests[0].encode().to_vec();
    let values = vec![
        requests[0].digest().as_bytes().to_vec(),
        id[2..].to_vec(),
        blinded[0].clone(),
        signatures[0].clone(),
        code.as_bytes().to_vec(),
        code.replace('-', "").into_bytes(),
        code.to_lowercase().into_bytes(),
        crockford(code),
        crockford(code)[10..].to_vec(),
        id.to_vec(),
        request,
    ];
    Issued { party: Party { key: code.as_bytes().to_vec(), exchanges, values }, blinded, signatures }
}

fn redeemed(authorization: &str, exchanges: Vec<Exchange>, field: &Field, first_region: u32) -> Redeemed {
    let token = parse_token_header(authorization).unwrap();
    let body = split(&exchanges[0].sent).1.to_vec();
    let pledge = Pledge::decode(&body).unwrap();
    let region = u32::from(pledge.place >= first_region);
    let commit = |kind: &str, number: u32, salt: &[u8]| {
        Sha256::new().chain_update(kind).chain_update(number.to_be_bytes()).chain_update(salt).finalize().to_vec()
    };
    let authenticator = token.encode()[98..].to_vec();
    let encoding = field.to_the_e(&authenticator);
    let (salt, hash) = encoding_parts(&encoding).unwrap();
    let nonce = token.nonce().as_bytes().to_vec();
    let values = vec![
        nonce.clone(),
        pledge.place_salt.to_vec(),
        authenticator.clone(),
        salt,
        pledge.region_salt.to_vec(),
        hash,
        commit("headcount/v1/place", pledge.place, &pledge.place_salt),
        commit("headcount/v1/region", region, &pledge.region_salt),
        encoding.clone(),
        token.encode().to_vec(),
        body,
        split(&exchanges[0].answered).1.to_vec(),
    ];
    Redeemed { party: Party { key: nonce, exchanges, values }, authenticator, encoding }
}

/// The 20 bytes of a code.
fn crockford(code: &str) -> Vec<u8> {
    let digits = code.bytes().filter_map(|c| b"0123456789ABCDEFGHJKMNPQRSTVWXYZ".iter().position(|d| *d == c));
    let bits: Vec<bool> = digits.flat_map(|digit| (0..5).rev().map(move |bit| digit >> bit & 1 == 1)).collect();
    bits.chunks(8).map(|byte| byte.iter().fold(0, |number, bit| number << 1 | u8::from(*bit))).collect()
}
