//! The limits of a server, each with its reason, in one place; SECURITY.md quotes this table.

use std::time::Duration;

/// Open connections of participants and the public. When others come, the one that has waited longest ends: so the more
/// there are, the longer who is slow may take while somebody opens connections as fast as he can. Each takes some
/// kilobytes, and a file, of which a process may have so many on every machine that we know.
pub const CONNECTIONS_MAX: u32 = 4000;

/// Open connections of organisers, who are few.
pub const ORGANISER_CONNECTIONS_MAX: u32 = 500;

/// With fewer places free than this, one connection ends for each that comes: so many may be on their way out.
pub const CONNECTIONS_SPARE: u32 = 250;

/// Open files that a process keeps for its stores and its log. Where the machine allows fewer than connections and these
/// need, there are fewer connections.
pub const FILES_RESERVED: u32 = 1000;

/// Time to send all headers of a request; also how long an idle connection is kept. Tor is slow, attackers are slower.
pub const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(30);

/// Time for a whole request and its answer.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);

/// Bytes that one request's headers may have: a Token takes 500, the rest is names. The least that hyper allows.
pub const HEADER_BYTES_MAX: usize = 8192;

/// Time that one connection may live: who does not read what he asked for must not hold a place for ever.
pub const CONNECTION_AGE_MAX: Duration = Duration::from_secs(600);

/// How long requests under way may take to finish when the server stops.
pub const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);

/// Signatures that may wait behind those being made, per core. At 1 ms each nobody waits more than a quarter of a second.
pub const SIGNATURES_WAITING_MAX: u32 = 256;

/// Answers a second that a forger hears: a wrong invite, token or password, or one repeat too many. Others wait for their turn, so
/// that guessing costs a tenth of a core; of a crowd of honest people some in a second mistype.
pub const GUESSES_PER_SECOND_MAX: u32 = 1000;

/// Such answers that are given at once after a pause: nobody waits for his where nobody guesses.
pub const GUESSES_AT_ONCE_MAX: u32 = 1000;

/// Exact repeats of one token request that are answered between two ticks: each costs a signature, and a client that
/// lost an answer needs one or two.
pub const REPEATS_PER_TICK_MAX: u8 = 10;

/// Invites that one organiser's request may make; more are had by asking again.
pub const INVITES_PER_REQUEST_MAX: u32 = 50_000;

/// Organisers' accounts: every request reads their file.
pub const ORGANISERS_MAX: usize = 100;

/// Invites that one request may have drawn, as cards or for a screen: 125 sheets. Each costs some kilobytes of the answer and
/// a millisecond or two.
pub const CODES_PER_REQUEST_MAX: u32 = 1000;

/// Lines in the log of actions from which on no more invites are made: the file is written anew with each line.
pub const ACTIONS_MAX: usize = 10_000;

/// How often one organiser may be signed in, on all devices: of more the oldest is signed out, and nobody else's.
pub const SESSIONS_PER_ACCOUNT_MAX: usize = 8;

/// How long an organiser stays signed in: a working day, for whoever forgets to sign out.
pub const SESSION_LIFE: Duration = Duration::from_secs(28_800);

/// Free bytes of the disk below which it is called low, at a tick: four times what 500,000 waiting pledges take.
pub const DISK_FREE_BYTES_MIN: u64 = 2_147_483_648;

/// Bytes of an organiser's JSON.
pub const ORGANISER_BODY_BYTES_MAX: usize = 4096;

/// Bytes of a request for an invite by e-mail: an address has 254, and JSON may write each letter in six.
pub const EMAIL_BODY_BYTES_MAX: usize = 2048;

/// Mails that may wait to be sent for the first time. At 20 a second all of them go within a minute.
pub const EMAILS_WAITING_MAX: usize = 1000;

/// What a refusal tells to wait while that queue is full: in this time all of it goes, at 20 a second.
pub const EMAIL_RETRY_AFTER_SECS: u64 = 60;

/// Mails that may wait to be tried again, beside the others: servers that put mail off must not hold up the rest.
pub const EMAILS_DEFERRED_MAX: usize = 10_000;

/// Connections to the mail server. More would look like a flood to it.
pub const EMAILS_AT_ONCE: usize = 4;

/// Mails to one address between two ticks; more are dropped in silence. Nobody is to be flooded by asking in her name.
pub const EMAILS_PER_ADDRESS_MAX: u8 = 3;

/// Addresses for which mails are counted between two ticks, as ids under the e-mail key; beyond, counting begins anew.
pub const EMAILS_REMEMBERED_MAX: usize = 100_000;

/// So many mails in a row that the mail server refuses for good are told to the operator; a few are only mistyped.
pub const EMAILS_REFUSED_TELL: u32 = 10;

/// The pause before a mail that was put off is tried again; each further one is twice as long.
pub const EMAIL_RETRY_FIRST: Duration = Duration::from_secs(5);

/// The longest such pause. Greylisting servers want some minutes.
pub const EMAIL_RETRY_MAX: Duration = Duration::from_secs(600);

/// How long an address is kept at most while its mail cannot be sent.
pub const EMAIL_KEPT_MAX: Duration = Duration::from_secs(14_400);

/// The longest pause while the mail server cannot be reached at all.
pub const EMAIL_PAUSE_MAX: Duration = Duration::from_secs(60);

/// Time for the mail server to be connected to.
pub const EMAIL_CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// Time for the mail server to take a mail.
pub const EMAIL_ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

/// How long a connection to the mail server may rest.
pub const EMAIL_IDLE_MAX: Duration = Duration::from_secs(5);

/// What a refusal for the time being tells the client to wait.
pub const RETRY_AFTER_SECS: u64 = 5;

/// How far the wall clock may differ from the monotonic clock, beyond one tick, before nothing is published or closed.
pub const CLOCK_TOLERANCE_SECS: u64 = 600;

/// How often the publisher looks at the clock.
pub const CLOCK_LOOK: Duration = Duration::from_millis(200);

/// Different messages to the operator between two ticks; a line per request would tell when they came.
pub const MESSAGES_PER_TICK_MAX: usize = 50;

/// How long a cache in front may show what changes at ticks. Of a crowd one in so many seconds asks here; and an auditor
/// who gets new counts and an old checkpoint waits ten seconds for the new one (`client/src/audit.rs`), so two caches in
/// a row must not be older than that together.
pub const SHARED_CACHE_SECS: u64 = 5;

/// Bytes of tiles and bundles that are kept in memory: 180 full bundles with their tiles, so the log of 45,000
/// pledges whole.
pub const TILES_HELD_BYTES_MAX: usize = 16_777_216;
